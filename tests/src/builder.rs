//! What a server is to have, and how it is set up.

use std::fs;

use crate::home::Home;
use crate::slots;
use crate::{Nginx, Sshd, TestServer, machine, nginx, sshd};

/// Which uWSGI a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uwsgi {
    /// The one of the system's packages.
    System,
    /// None on the machine: `piku setup` installs the wheel below its root.
    Wheel,
}

/// What a server is to have; made by [`TestServer::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Builder {
    nginx: bool,
    emperor: bool,
    uwsgi: Uwsgi,
    pyenv: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let uwsgi = if machine::Need::SystemUwsgi.missing().is_none() { Uwsgi::System } else { Uwsgi::Wheel };
        Self { nginx: false, emperor: true, uwsgi, pyenv: false }
    }

    /// With nginx, on ports 80 and 443 of [`TestServer::address`].
    pub fn with_nginx(mut self) -> Self {
        self.nginx = true;
        self
    }

    /// Without the emperor: nothing can run.
    pub fn without_emperor(mut self) -> Self {
        self.emperor = false;
        self
    }

    /// With this uWSGI, instead of the system's if there is one.
    pub fn with_uwsgi(mut self, uwsgi: Uwsgi) -> Self {
        self.uwsgi = uwsgi;
        self
    }

    /// With the Pythons that the tester has under pyenv.
    pub fn with_pyenv(mut self) -> Self {
        self.pyenv = true;
        self
    }

    /// Sets piku up and starts everything.
    ///
    /// # Panics
    ///
    /// When something is missing or does not start.
    #[must_use]
    pub fn start(self) -> TestServer {
        let slot = slots::SERVERS.take();
        let home = Home::new();
        let address = nginx::free_address();
        let path = match self.uwsgi {
            Uwsgi::System => machine::SEARCH_PATH.to_owned(),
            Uwsgi::Wheel => home.programs_without(|name| name.starts_with("uwsgi")).into_string(),
        };
        let mut variables =
            vec![("HOME", home.path().to_string()), ("PATH", path), ("USER", machine::user())];
        if self.nginx {
            variables.push(("PIKU_NGINX_RELOAD", Nginx::reload_command(home.path())));
        }
        if self.pyenv
            && let Some((pyenv, _)) = machine::other_python()
        {
            std::os::unix::fs::symlink(&pyenv, home.path().join(".pyenv"))
                .expect("a link can be made in a new home");
            variables.push(("PYENV_ROOT", home.path().join(".pyenv").into_string()));
        }
        // Submodules of a test are folders of this machine; git takes those only when told.
        fs::write(home.path().join(".gitconfig"), "[protocol \"file\"]\n\tallow = always\n")
            .expect("a new home can be written to");
        let sshd = Sshd::start(home.path(), &variables);
        let mut server = TestServer::without_processes(slot, home, sshd, address, variables);
        server.piku(["setup"]).succeeds();
        server.piku(["setup:ssh", sshd::public_key().as_str()]).succeeds();
        if self.nginx {
            server.start_nginx();
        }
        if self.emperor {
            server.start_emperor();
        }
        server
    }
}
