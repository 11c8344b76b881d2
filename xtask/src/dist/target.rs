//! The target machines of a release.

use std::process::Command;

use camino::Utf8PathBuf;
use piku_tests::machine;

use crate::{program, step};

/// A Rust target, and Debian's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Rust's name.
    pub(super) triple: String,
    /// Debian's architecture, if any.
    pub(super) debian: Option<&'static str>,
}

/// Rust's architecture and ABI, Debian's architecture, and the prefix of Debian's cross tools.
const MACHINES: [(&str, &str, &str, &str); 6] = [
    ("x86_64", "", "amd64", "x86_64-linux-gnu"),
    ("aarch64", "", "arm64", "aarch64-linux-gnu"),
    ("armv7", "eabihf", "armhf", "arm-linux-gnueabihf"),
    ("i686", "", "i386", "i686-linux-gnu"),
    ("riscv64gc", "", "riscv64", "riscv64-linux-gnu"),
    ("powerpc64le", "", "ppc64el", "powerpc64le-linux-gnu"),
];

fn known(triple: &str) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    let (processor, system) = triple.split_once('-')?;
    let linux = system.contains("linux-");
    MACHINES.iter().find(|machine| linux && machine.0 == processor && system.ends_with(machine.1))
}

impl Target {
    pub(super) fn new(triple: &str) -> Self {
        Self { triple: triple.to_owned(), debian: known(triple).map(|machine| machine.2) }
    }

    /// The machine that this program runs on.
    pub(super) fn host() -> Result<Self, String> {
        let said = super::output(Command::new(rustc()).arg("-vV"))?;
        let said = String::from_utf8_lossy(&said);
        let host = said.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(Self::new).ok_or_else(|| "rustc does not say for which machines it builds".to_owned())
    }

    /// Finds a target by name, if this machine can build for it.
    ///
    /// # Errors
    ///
    /// When Rust's standard library or a linker for it is missing; the message says what to install.
    pub(super) fn named(triple: &str) -> Result<Self, String> {
        let target = Self::new(triple);
        if target == Self::host()? {
            return Ok(target);
        }
        let root = super::output(Command::new(rustc()).args(["--print", "sysroot"]))?;
        let root = Utf8PathBuf::from(String::from_utf8_lossy(&root).trim());
        if !root.join("lib/rustlib").join(triple).join("lib").is_dir() {
            return Err(format!(
                "Rust's standard library for {triple} is not installed\nhelp: `rustup target add {triple}`, or build on \
                 such a machine with `cargo xtask dist`; docs/packaging.md has both ways"
            ));
        }
        let linker = target.linker().filter(|_| std::env::var_os(target.linker_variable()).is_none());
        match linker {
            Some(linker) if machine::find(&linker).is_none() => Err(format!(
                "the linker `{linker}` is not installed\nhelp: `apt install gcc-{}`, or name another one in {}",
                linker.trim_end_matches("-gcc"),
                target.linker_variable()
            )),
            _ => Ok(target),
        }
    }

    /// Debian's cross compiler that links for it.
    fn linker(&self) -> Option<String> {
        known(&self.triple).map(|machine| format!("{}-gcc", machine.3))
    }

    fn linker_variable(&self) -> String {
        format!("CARGO_TARGET_{}_LINKER", self.triple.replace('-', "_").to_uppercase())
    }

    /// Builds piku for it, and returns the path of the program.
    pub(super) fn build(&self) -> Result<Utf8PathBuf, String> {
        let words = ["build", "--quiet", "--release", "--package", "piku-cli", "--target", &self.triple];
        let mut cargo = step::cargo(&words);
        if let (Some(linker), None) = (self.linker(), std::env::var_os(self.linker_variable())) {
            cargo.env(self.linker_variable(), linker);
        }
        if !step::run(&format!("building piku (release, {})", self.triple), &mut cargo) {
            return Err(format!("piku could not be built for {}", self.triple));
        }
        Ok(program::target().join(&self.triple).join("release/piku"))
    }
}

fn rustc() -> String {
    std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())
}
