//! The input of a plan.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::environment::Told;
use crate::app::AppName;
use crate::deploy::build::Build;
use crate::deploy::source::inputs::Inputs;
use crate::formation::Formation;
use crate::host::Surroundings;
use crate::host::facts::Uwsgi;
use crate::persisted::Persisted;
use crate::root::Root;

/// The input of a plan.
pub(crate) struct Basis<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) app: &'a AppName,
    pub(crate) release: u32,
    /// The number of the run, which is part of the names of its vassals and sockets.
    pub(crate) run: u32,
    pub(crate) commit: &'a str,
    pub(crate) tree: &'a Utf8Path,
    pub(crate) inputs: &'a Inputs,
    pub(crate) formation: &'a Formation,
    pub(crate) build: &'a Build,
    pub(crate) uwsgi: Option<&'a Uwsgi>,
    /// The class path of a Java app.
    pub(crate) class_path: Vec<Utf8PathBuf>,
    pub(crate) ports: Ports,
    /// What its tree has links to, in the app's data.
    pub(crate) kept: &'a Persisted,
}

impl<'a> Basis<'a> {
    /// What its processes know about it.
    pub(crate) fn told(&self) -> Told<'a> {
        Told {
            root: self.root,
            surroundings: self.surroundings,
            app: self.app,
            release: self.release,
            commit: self.commit,
            tree: self.tree,
            bind_address: &self.inputs.options.bind_address,
        }
    }

    /// The complete environment of a process.
    pub(crate) fn environment(&self, port: u16, proc_type: &str) -> BTreeMap<String, String> {
        self.told().environment(&self.build.made, &self.inputs.layers, port, proc_type)
    }
}

/// The ports of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// The value of `PORT`, and the port of an app that uWSGI runs without a site.
    pub(crate) app: u16,
    /// One per `web` process; the first is `app`.
    pub(crate) web: Vec<u16>,
    /// Those that `web` processes of the live release listen on and that stay, because people know them.
    pub(crate) kept: Vec<u16>,
}

impl Ports {
    pub(crate) fn all(&self) -> Vec<u16> {
        let mut all = vec![self.app];
        all.extend(self.web.iter().filter(|port| **port != self.app));
        all
    }
}
