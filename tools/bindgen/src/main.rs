//! Writes the JavaScript side of the wasm module: `bindgen MODULE.wasm FOLDER`.
//!
//! This is what wasm-bindgen's own command line does, without the test runner and the network code
//! that make it slow to build, and with a lock file of its own, so that the output is the same
//! wherever it is made.

use std::env::args;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let (Some(module), Some(folder), None) = (args().nth(1), args().nth(2), args().nth(3)) else {
        return Err("usage: bindgen MODULE.wasm FOLDER".into());
    };
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        .out_name("engine")
        .generate(folder)?;
    Ok(())
}
