//! The files of rows in `results/`.

use std::path::{Path, PathBuf};

use defensive_distillation::attack::{Attack, Movement};
use defensive_distillation::experiment::{
    Figures, Row, RowNetwork, RowRole, Settings, read_rows, write_rows,
};
use defensive_distillation::train::atomic;

use crate::Result;

/// The rows of one kind of experiment.
#[derive(Debug)]
pub struct Table<F> {
    file: PathBuf,
    rows: Vec<Row<F>>,
}

impl<F: Figures> Table<F> {
    /// The table of a folder; empty where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or a row of it is not understood.
    pub fn read(results: &Path) -> Result<Self> {
        let file = results.join(format!("{}.json", F::KIND.name()));
        let rows = match std::fs::read(&file) {
            Ok(json) => read_rows(&json).map_err(|e| format!("{}: {e}", file.display()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(format!("{}: {e}", file.display()).into()),
        };
        Ok(Self { file, rows })
    }

    /// Its rows.
    pub fn into_rows(self) -> Vec<Row<F>> {
        self.rows
    }

    /// Whether there is a row that measured the same, on the same network files.
    pub fn has(&self, planned: &Row<F>) -> bool {
        self.rows.iter().any(|row| row.measures_the_same(planned) && row.has_the_files_of(planned))
    }

    /// Replaces the rows that measured the same before, and adds those that are new.
    ///
    /// # Errors
    /// The settings of an attack are not understood.
    pub fn replace(&mut self, rows: Vec<Row<F>>) -> Result {
        self.rows.retain(|old| !rows.iter().any(|row| row.measures_the_same(old)));
        self.rows.extend(rows);
        self.sort()
    }

    fn sort(&mut self) -> Result {
        let rows = std::mem::take(&mut self.rows).into_iter();
        let mut keyed = rows.map(|row| Ok((key(&row)?, row))).collect::<Result<Vec<_>>>()?;
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        self.rows = keyed.into_iter().map(|(_, row)| row).collect();
        Ok(())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self) -> Result {
        Ok(atomic::write(&self.file, write_rows(&self.rows)?.as_bytes())?)
    }
}

/// The key that rows are sorted by: data set, attack, network, target model, and temperature of the attack.
fn key<F>(row: &Row<F>) -> Result<impl Ord + use<F>> {
    // The bits of numbers that are not negative are in the same order as the numbers.
    let network = |of: &RowNetwork| (of.role, of.temperature.to_bits(), of.scale.to_bits());
    let direction = |movement| match movement {
        Movement::Decrease => "decrease",
        Movement::Either => "either",
        Movement::Increase => "increase",
    };
    let head = &row.head;
    let settings = head.attack.map(Settings::of).transpose()?.unwrap_or_default();
    let attack = (
        head.attack.map(Attack::name),
        settings.direction.map(direction),
        settings.epsilon.map(f32::to_bits),
    );
    let to: Option<(RowRole, u32, u32)> = head.to.as_ref().map(|to| network(&to.network));
    let temperature = settings.attack_temperature.map(f32::to_bits);
    Ok((head.network.dataset.spec().id, attack, network(&head.network), to, temperature))
}

#[cfg(test)]
mod tests {
    use defensive_distillation::experiment::{
        AmplitudeFigures, FgsmFigures, PairsFigures, RobustnessFigures, SuccessFigures,
        TransferFigures,
    };

    use super::*;

    fn assert_order_is_kept<F: Figures + std::fmt::Debug>() {
        let mut table = Table::<F>::read(Path::new("results")).expect("the results are committed");
        let before = table.rows.clone();
        assert!(before.iter().all(|row| table.has(row)));
        table.replace(before.iter().take(7).cloned().collect()).expect("settings are understood");
        assert!(table.rows == before, "{}", F::KIND.name());
    }

    #[test]
    fn a_row_that_is_measured_again_takes_the_place_of_the_old_one() {
        assert_order_is_kept::<SuccessFigures>();
        assert_order_is_kept::<AmplitudeFigures>();
        assert_order_is_kept::<RobustnessFigures>();
        assert_order_is_kept::<FgsmFigures>();
        assert_order_is_kept::<PairsFigures>();
        assert_order_is_kept::<TransferFigures>();
    }

    #[test]
    fn a_row_that_is_not_understood_is_named_with_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("fgsm.json"), "[{}]").expect("it is written");
        let error = Table::<FgsmFigures>::read(folder.path()).expect_err("no row").to_string();
        assert!(error.contains("fgsm.json: Row 1 cannot be read: missing field"), "{error}");
    }
}
