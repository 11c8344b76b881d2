//! Configuration for a layout of one's own, made with the libraries of piku and without piku itself.
//!
//! A Procfile goes in; the vassals of a uWSGI emperor and the site of an nginx come out, as texts with the paths where
//! they belong. The program decides where everything lies: here an app has a folder in `/srv`, and sockets are in `/run`.

use std::error::Error;

use camino::Utf8PathBuf;
use piku_nginx::{Backend, FilePath, Header, Probe, Servable, Site, SocketPath, StaticPath};
use piku_procfile::{Kind, Place, parse};
use piku_uwsgi::{AppVassal, Application, Common, DaemonVassal, Owner, Vassal, WsgiApp};

/// A file to be written.
pub(crate) struct ConfigurationFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Describes the app `name`, which answers as `host`.
///
/// # Errors
///
/// When the Procfile has a mistake, or a name can't be written into a configuration.
pub(crate) fn configuration(
    name: &str,
    host: &str,
    procfile: &[u8],
) -> Result<Vec<ConfigurationFile>, Box<dyn Error>> {
    let parsed = parse(procfile);
    let Some(read) = parsed.procfile else {
        let mistakes = parsed.diagnostics.iter().map(|found| {
            let Place { line, column } = Place::of(procfile, found.span.start);
            format!("{line}:{column}: {}", found.message)
        });
        return Err(mistakes.collect::<Vec<_>>().join("\n").into());
    };

    let mut files = Vec::new();
    let mut backend = Backend::Unavailable;
    for entry in read.entries() {
        let process = entry.name.as_str();
        let common = Common::new(format!("/srv/{name}/current"), format!("{name}:{process}:"));
        let vassal = match &entry.kind {
            Kind::Wsgi(module) => {
                let socket = format!("/run/{name}/{process}.sock");
                backend = Backend::Uwsgi(vec![SocketPath::new(&socket)?]);
                let mut app = WsgiApp::new(module.to_string());
                app.virtualenv = Some(format!("/srv/{name}/venv").into());
                let mut vassal = AppVassal::new(common, socket, Application::Wsgi(app));
                vassal.socket_owner = Some(Owner::new(name, "www-data")?);
                Vassal::App(vassal)
            }
            _ => Vassal::Daemon(DaemonVassal::new(common, format!("exec /srv/bin/run {name} {process}"))),
        };
        files.push(ConfigurationFile {
            path: format!("/srv/emperor/{name}-{process}.ini"),
            text: vassal.to_ini()?,
        });
    }

    let mut site = Site::new(name.parse()?, vec![host.parse()?], backend);
    site.comment = Some("Written by the fleet's deploy program.".parse()?);
    site.namespace = "fleet".parse()?;
    site.headers = vec![Header::new("X-Frame-Options", "DENY")?];
    let current = Utf8PathBuf::from(format!("/srv/{name}/current"));
    site.statics = StaticPath::parse_list("/static:public", &Servable::tree(&current))?;
    site.acme_webroot = Some(FilePath::new("/srv/acme")?);
    site.probe = Some(Probe::new(format!("/-/{name}").parse()?, "version 7".parse()?));
    files.push(ConfigurationFile { path: format!("/etc/nginx/sites/{name}.conf"), text: site.to_string() });
    Ok(files)
}

#[allow(dead_code, clippy::print_stdout, reason = "the test of this example has a `main` of its own")]
fn main() -> Result<(), Box<dyn Error>> {
    let procfile = b"wsgi: shop.wsgi:application\nworker: python -m shop.jobs\n";
    for file in configuration("shop", "shop.example.org", procfile)? {
        println!("# {}\n{}", file.path, file.text);
    }
    Ok(())
}
