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

    /// Makes it.
    pub(crate) fn create(&self) -> Command {
        let says = format!("creating a virtual environment with Python {}", self.interpreter.version);
        let python = self.interpreter.path.as_path();
        match (self.uv, self.virtualenv) {
            (Some(uv), _) => uv_command(uv, says).args(["venv", "--no-project", "--python"]).arg(python),
            (None, Some(virtualenv)) if !self.interpreter.has_venv => {
                Command::new(virtualenv, says).arg("--python").arg(python)
            }
            (None, _) if self.installs => Command::new(python, says).args(["-m", "venv"]),
            // Installing pip takes five seconds on a fast machine, and half a minute on a small one.
            (None, _) => Command::new(python, says).args(["-m", "venv", "--without-pip"]),
        }
        .arg(here())
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
