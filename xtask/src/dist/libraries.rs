//! Which C libraries the program needs.

use std::fmt;

/// The libraries that a program is linked to, from the names in its symbol tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Libraries {
    /// The newest version of glibc that a symbol needs; `None` if it is linked statically.
    pub(super) glibc: Option<(u32, u32)>,
    /// Whether it needs `libgcc_s`, for unwinding.
    pub(super) libgcc: bool,
}

impl Libraries {
    /// Looks for `GLIBC_2.34` and the like. An unused name could only make the requirement stricter.
    pub(super) fn read(program: &[u8]) -> Self {
        const PREFIX: &[u8] = b"GLIBC_";
        let places = program.windows(PREFIX.len()).enumerate().filter(|(_, window)| *window == PREFIX);
        let versions = places.filter_map(|(at, _)| version(&program[at + PREFIX.len()..]));
        let libgcc = program.windows(13).any(|window| window == b"libgcc_s.so.1");
        Self { glibc: versions.max(), libgcc }
    }

    /// Formats a list of Debian packages.
    pub(super) fn depends(self) -> Vec<String> {
        let glibc = self.glibc.map(|(major, minor)| format!("libc6 (>= {major}.{minor})"));
        glibc.into_iter().chain(self.libgcc.then(|| "libgcc-s1".to_owned())).collect()
    }
}

impl fmt::Display for Libraries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.glibc {
            Some((major, minor)) => write!(f, "runs with glibc {major}.{minor} and newer"),
            None => f.write_str("runs without glibc"),
        }
    }
}

/// Parses the `2.34` at the beginning of `2.34\0…`.
fn version(bytes: &[u8]) -> Option<(u32, u32)> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let mut numbers = std::str::from_utf8(&bytes[..end]).ok()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
