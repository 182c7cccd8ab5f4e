//! The WebGPU engine: a device that the browser provides, and that can be lost.
//!
//! Nothing may block in a browser, so the call that causes an error on the device cannot return it. If a
//! shader does not compile, this is only logged, and its output buffer keeps its old contents. Therefore
//! this file keeps the first error that is logged. The loss of a device is reported once, to a callback.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use burn::tensor::Device;
use burn::tensor::wgpu::wgpu::DeviceLostReason;

use crate::messages::EngineName;

/// The device, and whether it is lost.
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

    /// Opens the device that the page offers (`www/engine/adapter.js`).
    ///
    /// # Errors
    /// The browser has no WebGPU adapter, or does not open a device.
    pub async fn open() -> Result<Self, String> {
        // If a logger is set already, it is this one, from an earlier call.
        if log::set_logger(&FAULTS).is_ok() {
            log::set_max_level(log::LevelFilter::Error);
        }
        let opened = Device::wgpu_options().init_with_setup_async().await;
        let (device, setup) = opened.map_err(|e| e.to_string())?;
        let loss = Arc::new(Mutex::new(Loss::default()));
        let shared = loss.clone();
        setup.device.set_device_lost_callback(move |reason, message| {
            let reason = match reason {
                DeviceLostReason::Destroyed => "it was destroyed",
                DeviceLostReason::Unknown => "the browser does not say why",
            };
            let mut loss = lock(&shared);
            loss.reason = Some(if message.is_empty() { reason.into() } else { message });
            loss.waiting.drain(..).for_each(Waker::wake);
        });
        Ok(Self { device, loss })
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Resolves to the reason once the device is lost.
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

    /// The first error that was logged.
    pub fn fault(&self) -> Option<String> {
        lock(&FAULTS.first).clone()
    }
}

/// A logger that keeps the first error of burn or wgpu, and prints each to the console.
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
            let message = record.args().to_string();
            // The page handles a fault by going back to the CPU, so that this is no error of the page.
            web_sys::console::info_1(&message.as_str().into());
            lock(&self.first).get_or_insert(message);
        }
    }

    fn flush(&self) {}
}

/// Locks a mutex. There is only one thread, so the data of a poisoned mutex is consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
