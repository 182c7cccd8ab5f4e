//! The CPU engine: burn's own, in Rust alone.

use std::future::{Future, pending};

use burn::tensor::Device;

use crate::messages::EngineName;

/// The device, which is always there.
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

    pub fn lost(&self) -> impl Future<Output = String> + use<> {
        pending()
    }

    pub fn fault(&self) -> Option<String> {
        None
    }
}
