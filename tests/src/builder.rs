//! Configures a server and sets it up.

use std::fs;

use crate::home::Home;
use crate::namespace::Namespace;
use crate::slots;
use crate::{Account, Nginx, Sshd, TestServer, machine, nginx, piku, sshd};

/// Which uWSGI a server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uwsgi {
    /// The system package.
    System,
    /// Hides any on the machine: `piku setup` installs the wheel below its root.
    Wheel,
}

/// The configuration of a server; made by [`TestServer::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Builder {
    nginx: bool,
    emperor: bool,
    uwsgi: Uwsgi,
    pyenv: bool,
    account: Account,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let uwsgi = if machine::Need::SystemUwsgi.missing().is_none() { Uwsgi::System } else { Uwsgi::Wheel };
        Self { nginx: false, emperor: true, uwsgi, pyenv: false, account: Account::of_this_test() }
    }

    /// With nginx, on ports 80 and 443 of [`TestServer::address`].
    pub fn with_nginx(mut self) -> Self {
        self.nginx = true;
        self
    }

    /// Without the emperor: no app can run.
    pub fn without_emperor(mut self) -> Self {
        self.emperor = false;
        self
    }

    /// With this uWSGI, instead of the system's, if there is one.
    pub fn with_uwsgi(mut self, uwsgi: Uwsgi) -> Self {
        self.uwsgi = uwsgi;
        self
    }

    /// With the tester's Pythons from pyenv.
    pub fn with_pyenv(mut self) -> Self {
        self.pyenv = true;
        self
    }

    /// With this user, instead of the ordinary one chosen by the test's name.
    pub fn as_user(mut self, account: Account) -> Self {
        self.account = account.or_tester();
        self
    }

    /// Sets up piku and starts everything.
    ///
    /// # Panics
    ///
    /// When something is missing or does not start.
    #[must_use]
    pub fn start(self) -> TestServer {
        let slot = slots::SERVERS.take();
        let home = Home::new(self.account);
        let namespace = Namespace::start(self.account, home.path());
        for path in [&piku::program(), &piku::launcher(), &sshd::public_key(), &Home::cache(self.account)] {
            namespace.reach(path);
        }
        let address = nginx::free_address();
        let path = match self.uwsgi {
            Uwsgi::System => machine::SEARCH_PATH.to_owned(),
            Uwsgi::Wheel => home.programs_without(|name| name.starts_with("uwsgi")).into_string(),
        };
        let mut variables =
            vec![("HOME", home.path().to_string()), ("PATH", path), ("USER", self.account.name())];
        if self.nginx
            && let Some(line) = Nginx::reload_command(home.path(), self.account)
        {
            variables.push(("PIKU_NGINX_RELOAD", line));
        }
        if self.pyenv
            && let Some((pyenv, _)) = machine::other_python()
        {
            namespace.reach(&pyenv);
            std::os::unix::fs::symlink(&pyenv, home.path().join(".pyenv"))
                .expect("a link can be made in a new home");
            variables.push(("PYENV_ROOT", home.path().join(".pyenv").into_string()));
        }
        // A test's submodules are folders of this machine, which git only clones if told to.
        fs::write(home.path().join(".gitconfig"), "[protocol \"file\"]\n\tallow = always\n")
            .expect("a new home can be written to");
        let sshd = Sshd::start(home.path(), &variables, &namespace);
        let mut server = TestServer::without_processes(slot, home, namespace, sshd, address, variables);
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
