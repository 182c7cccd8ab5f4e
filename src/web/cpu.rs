//! The CPU engine: burn-flex, which is written in Rust only.

use std::future::{Future, pending};

use burn::tensor::Device;

use crate::messages::EngineName;

/// The CPU device, which cannot be lost.
pub struct Backend(Device);

impl Backend {
    pub const NAME: EngineName = EngineName::Cpu;
    pub const IMPLEMENTATION: &str = "burn-flex, 128-bit SIMD";

    pub async fn open() -> Result<Self, String> {
        Ok(Self(Device::flex()))
    }

    pub fn device(&self) -> &Device {
        &self.0
    }

    /// Never resolves.
    pub fn lost(&self) -> impl Future<Output = String> + use<> {
        pending()
    }

    /// Always `None`: errors of the CPU are panics.
    pub fn fault(&self) -> Option<String> {
        None
    }
}
