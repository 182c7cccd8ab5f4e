//! `distill report`: `results/` as one page of tables and plots, beside the papers' figures.

mod amplitude;
mod attacks;
mod cells;
mod checks;
mod fgsm;
mod measured;
mod network;
mod page;
mod pairs;
mod prose;
mod robustness;
mod success;
mod training;
mod transfer;

use std::path::PathBuf;

use clap::Args;
use defensive_distillation::dataset::Dataset;
use defensive_distillation::train::atomic;

use self::measured::read;
use self::page::Page;
use crate::Result;
use crate::publish::manifest;

#[derive(Args)]
pub struct Arguments {
    /// The folder of the rows, where the page is written.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Where the model files and their manifest are.
    #[arg(long, value_name = "DIR", default_value = "www/models")]
    published: PathBuf,
}

pub fn run(Arguments { results, published }: Arguments) -> Result {
    let published = manifest(&published)?;
    let mut page = Page::new(&results, prose::head(&results, &published)?);
    for dataset in Dataset::ALL {
        let networks = network::shown(&published, dataset);
        if networks.is_empty() {
            continue;
        }
        page.title(match dataset {
            Dataset::Mnist => "MNIST",
            Dataset::Cifar10 => "CIFAR-10",
        });
        let attacked = read(&results, &published, dataset)?;
        let transferred = read(&results, &published, dataset)?;
        attacks::beside_each_other(&mut page, dataset, &networks, &attacked, &transferred);
        success::write(&mut page, dataset, &networks, &attacked)?;
        attacks::on_every_network(&mut page, &networks, &attacked);
        training::write(&mut page, dataset, &published, &networks);
        amplitude::write(&mut page, dataset, &networks, &read(&results, &published, dataset)?);
        robustness::write(&mut page, dataset, &networks, &read(&results, &published, dataset)?);
        fgsm::write(&mut page, dataset, &networks, &read(&results, &published, dataset)?);
        pairs::write(&mut page, dataset, &networks, &read(&results, &published, dataset)?)?;
        transfer::write(&mut page, dataset, &networks, &transferred)?;
        checks::write(&mut page, &networks, &checks::read(&results, &published, dataset)?);
    }
    let file = results.join("README.md");
    atomic::write(&file, page.text.as_bytes())?;
    println!("{}", file.display());
    Ok(())
}
