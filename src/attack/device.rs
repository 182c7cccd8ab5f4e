//! What is read back from a device, and checked.
//!
//! A device is not trusted: a driver may return too few numbers, or a buffer that no shader has written.
//! Everything that attacks and experiments read goes through here.

use burn::tensor::{Tensor, Transaction};

use super::error::AttackError;

/// A tensor's numbers, read back without blocking.
///
/// # Errors
/// [`AttackError::Device`] if the device is lost, or if it returns another number of numbers than the tensor
/// has, or one that is not finite.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, AttackError> {
    let numbers = read_together(vec![tensor]).await?;
    numbers.into_iter().next().ok_or_else(|| AttackError::Device("it returned no numbers".into()))
}

/// The numbers of several tensors, in one message.
///
/// # Errors
/// As [`read`].
pub(super) async fn read_together<const D: usize>(
    tensors: Vec<Tensor<D>>,
) -> Result<Vec<Vec<f32>>, AttackError> {
    let expected: Vec<usize> =
        tensors.iter().map(|tensor| tensor.dims().iter().product()).collect();
    let message = tensors.into_iter().fold(Transaction::default(), Transaction::register);
    let parts = message.execute_async().await;
    let parts = parts.map_err(|error| AttackError::Device(format!("{error:?}")))?;
    let parts = parts.iter().map(|part| part.iter::<f32>().collect::<Vec<_>>());
    #[cfg_attr(not(test), expect(unused_mut, reason = "a test changes the numbers"))]
    let mut parts: Vec<_> = parts.collect();
    #[cfg(test)]
    faults::play(&mut parts)?;
    if parts.len() != expected.len() {
        let (found, expected) = (parts.len(), expected.len());
        return Err(AttackError::Device(format!("it returned {found} of {expected} answers")));
    }
    for (numbers, expected) in parts.iter().zip(expected) {
        if numbers.len() != expected {
            let found = numbers.len();
            return Err(AttackError::Device(format!(
                "it returned {found} numbers instead of {expected}"
            )));
        }
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(AttackError::Device("it returned a number that is not finite".into()));
        }
    }
    Ok(parts)
}

/// A device that lies, for tests.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::Cell;

    use super::AttackError;

    /// What the device does instead of answering.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Fault {
        /// It is lost.
        Lost,
        /// It returns too few numbers.
        Short,
        /// It returns NaN.
        NotANumber,
        /// It returns this number in place of the first of the last tensor: of a resident attack the finding,
        Finding(f32),
        /// or in place of the second, the first feature of the pair.
        Feature(f32),
    }

    thread_local! {
        /// After how many answers which fault comes, once.
        static NEXT: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
    }

    /// Lets the device answer `answers` times, and then play the fault once.
    pub fn after(answers: usize, fault: Fault) {
        NEXT.set(Some((answers, fault)));
    }

    /// Whether a fault is still to come; none is after this.
    pub fn clear() -> bool {
        NEXT.take().is_some()
    }

    pub fn play(parts: &mut [Vec<f32>]) -> Result<(), AttackError> {
        let Some((answers, fault)) = NEXT.get() else { return Ok(()) };
        if answers > 0 {
            NEXT.set(Some((answers - 1, fault)));
            return Ok(());
        }
        NEXT.set(None);
        let is_resident = parts.len() > 1;
        let Some(last) = parts.last_mut() else { return Ok(()) };
        match fault {
            Fault::Lost => return Err(AttackError::Device("it is lost".into())),
            Fault::Short => last.truncate(last.len() - 1),
            Fault::NotANumber => last[0] = f32::NAN,
            Fault::Finding(number) if is_resident => last[0] = number,
            // With the finding of a pair, whatever was found.
            Fault::Feature(number) if is_resident => last[..2].copy_from_slice(&[0.0, number]),
            // There are no findings in this answer. The next may have some.
            Fault::Finding(_) | Fault::Feature(_) => NEXT.set(Some((0, fault))),
        }
        Ok(())
    }
}
