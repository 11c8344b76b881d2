//! Random bytes from the kernel.

use std::fs::File;
use std::io::Read;

use super::HostError;

/// The device of the kernel's generator (urandom(4)).
const DEVICE: &str = "/dev/urandom";

/// Random bytes that nobody can guess.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], HostError> {
    let mut bytes = [0; N];
    let read = File::open(DEVICE).and_then(|mut device| device.read_exact(&mut bytes));
    read.map_err(HostError::file("read", DEVICE))?;
    Ok(bytes)
}

/// A secret of 32 hexadecimal digits.
pub(crate) fn secret() -> Result<String, HostError> {
    Ok(bytes::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
