//! The WebGPU engine: a device that the browser lends, and may take back.
//!
//! In a browser nothing may block, so what goes wrong on the device is not found where it happens.
//! A shader that does not compile is only logged, and what it should have computed is whatever its
//! buffer held before; therefore a log is kept here. A device that is lost says so once.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use burn::tensor::Device;
use burn::tensor::wgpu::wgpu::DeviceLostReason;

use crate::messages::EngineName;

/// The device, and the news of it.
pub struct Backend {
    device: Device,
    loss: Arc<Mutex<Loss>>,
}

#[derive(Default)]
struct Loss {
    reason: Option<String>,
    waiting: Vec<Waker>,
}

impl Backend {
    pub const NAME: EngineName = EngineName::WebGpu;
    pub const IMPLEMENTATION: &str = "burn-wgpu, WGSL";

    /// Asks the browser for its fastest adapter and all that it can do.
    pub async fn open() -> Result<Self, String> {
        // Is a logger set already, it is this one: the module has been opened before.
        if log::set_logger(&FAULTS).is_ok() {
            log::set_max_level(log::LevelFilter::Error);
        }
        let opened = Device::wgpu_options().init_with_setup_async().await;
        let (device, setup) = opened.map_err(|e| e.to_string())?;
        let loss = Arc::new(Mutex::new(Loss::default()));
        let told = loss.clone();
        setup.device.set_device_lost_callback(move |reason, message| {
            let reason = match reason {
                DeviceLostReason::Destroyed => "it was destroyed",
                DeviceLostReason::Unknown => "the browser does not say why",
            };
            let mut loss = lock(&told);
            loss.reason = Some(if message.is_empty() { reason.into() } else { message });
            loss.waiting.drain(..).for_each(Waker::wake);
        });
        Ok(Self { device, loss })
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn lost(&self) -> impl Future<Output = String> + use<> {
        let loss = self.loss.clone();
        poll_fn(move |context| {
            let mut loss = lock(&loss);
            if let Some(reason) = &loss.reason {
                return Poll::Ready(reason.clone());
            }
            loss.waiting.push(context.waker().clone());
            Poll::Pending
        })
    }

    pub fn fault(&self) -> Option<String> {
        lock(&FAULTS.first).clone()
    }
}

/// Keeps the first error that burn or the browser's side of wgpu logs.
struct Faults {
    first: Mutex<Option<String>>,
}

static FAULTS: Faults = Faults { first: Mutex::new(None) };

impl log::Log for Faults {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() == log::Level::Error
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            lock(&self.first).get_or_insert_with(|| record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// There is one thread, so nothing can have been left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
