//! Makes a virtual environment and installs into it, with uv if it is installed, otherwise with Python's own tools.

use camino::Utf8Path;

use crate::{Command, Interpreter, PlanError, Toolbox, Word};

/// The virtual environment to make, in the folder of the build.
pub(crate) struct Environment<'a> {
    interpreter: &'a Interpreter,
    uv: Option<&'a Utf8Path>,
    virtualenv: Option<&'a Utf8Path>,
    installs: bool,
}

impl<'a> Environment<'a> {
    /// Finds a way to make an environment with this interpreter; `installs` is whether anything will be installed
    /// into it.
    pub(crate) fn new(
        toolbox: &'a Toolbox,
        interpreter: &'a Interpreter,
        installs: bool,
    ) -> Result<Self, PlanError> {
        let (uv, virtualenv) = (toolbox.tool("uv"), toolbox.tool("virtualenv"));
        if uv.is_none() && virtualenv.is_none() && !interpreter.has_venv {
            return Err(PlanError::NoVenv { interpreter: interpreter.clone() });
        }
        Ok(Self { interpreter, uv, virtualenv, installs })
    }

    /// Returns the tool that makes it; part of the key, because each leaves other files.
    pub(crate) fn tool(&self) -> &'static str {
        match (self.uv, self.interpreter.has_venv) {
            (Some(_), _) => "uv",
            (None, true) => "venv",
            (None, false) => "virtualenv",
        }
    }

    /// Makes it, with pip and, for a Python that brought it along, setuptools: `pkg_resources` is imported without being
    /// required.
    pub(crate) fn create(&self) -> Vec<Command> {
        let says = format!("creating a virtual environment with Python {}", self.interpreter.version);
        let python = self.interpreter.path.as_path();
        let (command, seeds) = match (self.uv, self.virtualenv) {
            (Some(uv), _) => {
                let seeded = self.installs && !self.has_setuptools();
                let seeds = (self.installs && self.has_setuptools()).then(|| self.seeds());
                let seed: &[&str] = if seeded { &["--seed"] } else { &[] };
                let command = uv_command(uv, says).args(["venv", "--no-project"]).args(seed.iter().copied());
                (command.arg("--python").arg(python), seeds)
            }
            (None, Some(virtualenv)) if !self.interpreter.has_venv => {
                (Command::new(virtualenv, says).arg("--python").arg(python), None)
            }
            (None, _) if self.installs => (Command::new(python, says).args(["-m", "venv"]), None),
            // Installing pip takes five seconds on a fast machine, and half a minute on a small one.
            (None, _) => (Command::new(python, says).args(["-m", "venv", "--without-pip"]), None),
        };
        std::iter::once(command.arg(here())).chain(seeds).collect()
    }

    /// Whether Python's own `venv` would bring setuptools: Python 3.12 ended that.
    fn has_setuptools(&self) -> bool {
        (self.interpreter.version.major, self.interpreter.version.minor) < (3, 12)
    }

    /// Installs what `venv` would bring. `uv venv --seed` takes the newest setuptools, which has no `pkg_resources` any
    /// more.
    fn seeds(&self) -> Command {
        self.install(["pip", "setuptools<81"], "pip and setuptools")
    }

    /// Installs what the arguments name.
    pub(crate) fn install<W: Into<Word>>(&self, args: impl IntoIterator<Item = W>, what: &str) -> Command {
        match self.uv {
            Some(uv) => uv_command(uv, format!("installing {what} with uv"))
                .args(["pip", "install", "--python"])
                .arg(here()),
            None => Command::new(Word::BuildDir("bin/python".into()), format!("installing {what} with pip"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "--no-input",
                    "--progress-bar=off",
                ]),
        }
        .args(args)
    }

    /// Whether uv does the work.
    pub(crate) fn has_uv(&self) -> bool {
        self.uv.is_some()
    }
}

/// The folder of the build.
pub(crate) fn here() -> Word {
    Word::BuildDir("".into())
}

/// Begins a uv command without a progress bar or downloaded interpreters.
pub(crate) fn uv_command(uv: &Utf8Path, says: String) -> Command {
    Command::new(uv, says).env("UV_NO_PROGRESS", "1").env("UV_PYTHON_DOWNLOADS", "never")
}
