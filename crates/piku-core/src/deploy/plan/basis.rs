//! What a release is planned from.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::environment::Told;
use crate::app::AppName;
use crate::deploy::build::Build;
use crate::deploy::source::inputs::Inputs;
use crate::formation::Formation;
use crate::host::Surroundings;
use crate::host::facts::Uwsgi;
use crate::root::Root;

/// What the plan is made from.
pub(crate) struct Basis<'a> {
    pub(crate) root: &'a Root,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) app: &'a AppName,
    pub(crate) release: u32,
    /// The number that its vassals and sockets are named by.
    pub(crate) run: u32,
    pub(crate) commit: &'a str,
    pub(crate) tree: &'a Utf8Path,
    pub(crate) inputs: &'a Inputs,
    pub(crate) formation: &'a Formation,
    pub(crate) build: &'a Build,
    pub(crate) uwsgi: Option<&'a Uwsgi>,
    /// Where classes of Java are looked for.
    pub(crate) class_path: Vec<Utf8PathBuf>,
    pub(crate) ports: Ports,
}

impl<'a> Basis<'a> {
    /// What its processes are told of it.
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

    /// The whole environment of a process.
    pub(crate) fn environment(&self, port: u16, proc_type: &str) -> BTreeMap<String, String> {
        self.told().environment(&self.build.made, &self.inputs.layers, port, proc_type)
    }
}

/// The ports of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// What the environment calls `PORT`, and where an app of uWSGI's without a site is reached.
    pub(crate) app: u16,
    /// One for each `web` process; the first is `app`.
    pub(crate) web: Vec<u16>,
}

impl Ports {
    pub(crate) fn all(&self) -> Vec<u16> {
        let mut all = vec![self.app];
        all.extend(self.web.iter().filter(|port| **port != self.app));
        all
    }
}
