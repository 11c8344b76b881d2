//! Runs the `preflight` and `release` commands of a Procfile.

use piku_procfile::{Kind, Procfile};

use crate::deploy::DeployError;
use crate::deploy::order::Scene;
use crate::deploy::plan::environment::Told;
use crate::event::{Event, Report, stage as tell};
use crate::host::command::Invocation;
use crate::host::launch::{Log, LogRecord};
use crate::release::Made;
use crate::settings::Layers;

/// The size at which the log of `preflight` or `release` is rotated, in bytes. It runs before the settings are final.
const ONE_OFF_LOG: u64 = 1024 * 1024;

/// The one-off commands in a Procfile.
pub(super) struct OneOff<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) told: Told<'a>,
    pub(super) port: u16,
    pub(super) procfile: &'a Procfile,
}

impl OneOff<'_> {
    /// Runs `preflight` or `release`, if the Procfile has it.
    pub(super) fn run(
        &self,
        wanted: &Kind,
        kind: &'static str,
        made: &Made,
        settings: &Layers,
        report: &mut Report<'_>,
    ) -> Result<(), DeployError> {
        let same = |other: &Kind| std::mem::discriminant(other) == std::mem::discriminant(wanted);
        let Some(entry) = self.procfile.entries().iter().find(|entry| same(&entry.kind)) else {
            return Ok(());
        };
        tell(report, format!("Running {kind}: {}", entry.command));
        let path = self.scene.root.log(self.told.app, kind, 1);
        let mut log = Log::new(LogRecord { path, max_size: ONE_OFF_LOG });
        log.write(format!("piku: {kind} of release {}: {}\n", self.told.release, entry.command).as_bytes());
        let mut report = |event: Event<'_>| {
            if let Event::Output(line) = event {
                log.write(format!("{line}\n").as_bytes());
            }
            report(event);
        };
        Invocation::new(["/bin/sh", "-c", &entry.command])
            .in_folder(self.told.tree)
            .with_env(&self.told.environment(made, settings, self.port, kind))
            .supervised(&self.scene.root.launcher())
            .cancelled_by(self.scene.cancel)
            .follow(&entry.command, &mut report)
            .map_err(|source| DeployError::Command { kind, source })?;
        self.scene.go_on()
    }
}
