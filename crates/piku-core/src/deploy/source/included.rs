//! Reads the files that `NGINX_INCLUDE_FILE` and `NGINX_LOCATION_INCLUDE_FILE` name, once for each release.

use camino::Utf8Path;
use piku_procfile::Diagnostic;
use piku_runtime::FolderTree;

use super::inputs::{self, Inputs, Reading};
use crate::deploy::DeployError;
use crate::deploy::order::Order;
use crate::diagnostic::{self, FileDiagnostic, shorten};
use crate::event::{Event, Report};
use crate::included::{Directives, Included, IncludedText, named};
use crate::settings::NginxOptions;

/// Adds the mistakes in files that are in the folder already; the build may make others.
pub(crate) fn check(folder: &Utf8Path, reading: &mut Reading) {
    let Some(inputs) = &reading.inputs else { return };
    let (files, mut found) = read(folder, &inputs.options.nginx);
    found.extend(files.parse().err().unwrap_or_default());
    if found.is_empty() {
        return;
    }
    if found.iter().any(FileDiagnostic::is_error) {
        reading.inputs = None;
    }
    reading.diagnostics =
        shorten(std::mem::take(&mut reading.diagnostics).into_iter().chain(found).collect());
}

/// The directives of a release whose tree is built. One that is kept has those that it was made with.
///
/// # Errors
/// [`DeployError::Inputs`], after all mistakes were reported.
pub(crate) fn of_release(
    order: &Order,
    inputs: &Inputs,
    tree: &Utf8Path,
    report: &mut Report<'_>,
) -> Result<Directives, DeployError> {
    let kept = order.kept();
    if let Some(files) = kept.and_then(|kept| kept.included.clone())
        && let Ok(parsed) = files.parse()
    {
        return Ok(Directives { files, parsed, unread: None });
    }
    let options = &inputs.options.nginx;
    let (files, mut found) = read(tree, options);
    let parsed = match files.parse() {
        Ok(parsed) if !found.iter().any(FileDiagnostic::is_error) => parsed,
        outcome => {
            if kept.is_some() {
                let text = || files.0.iter().find(|file| !file.in_location).map(|file| file.text.clone());
                let unread =
                    options.include_file.as_ref().map(|file| (tree.join(file), text().unwrap_or_default()));
                return Ok(Directives { unread, ..Directives::default() });
            }
            found.extend(outcome.err().unwrap_or_default());
            let diagnostics = shorten(found);
            diagnostics.iter().for_each(|mistake| report(Event::Diagnostic(mistake)));
            return Err(DeployError::Inputs { diagnostics });
        }
    };
    Ok(Directives { files, parsed, unread: None })
}

/// Reads the files, and says which are there and can't be read.
fn read(folder: &Utf8Path, options: &NginxOptions) -> (Included, Vec<FileDiagnostic>) {
    let tree = FolderTree::new(folder, "");
    let (mut files, mut found) = (Vec::new(), Vec::new());
    for (file, in_location) in named(options) {
        let path =
            file.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/");
        let Some(bytes) = tree.read_at_most(&path, inputs::LARGEST as u64) else { continue };
        match String::from_utf8(bytes) {
            Ok(text) => files.push(IncludedText { file: file.to_owned(), in_location, text }),
            Err(_) => {
                let mistake = Diagnostic::error("nginx::syntax", 0..0, format!("`{file}` is not UTF-8"));
                found.push(FileDiagnostic::of_whole(file, mistake.with_help("convert it to UTF-8")));
            }
        }
    }
    let unread = tree.unread();
    found.extend(unread.iter().filter_map(|(file, why)| diagnostic::of_unread(file, why)).map(|mut one| {
        // The site would not be what it is meant to be.
        one.diagnostic.severity = piku_procfile::Severity::Error;
        one
    }));
    (Included(files), found)
}
