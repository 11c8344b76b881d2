//! The addresses of a live app, and what it needs to be reachable.

use super::decide::{Plan, Serves, reachable};
use crate::app::AppName;
use crate::deploy::source::inputs::Inputs;

/// The addresses of the app.
pub(crate) fn addresses(inputs: &Inputs, plan: &Plan) -> Vec<String> {
    let options = &inputs.options;
    if inputs.has_site() {
        let scheme = if options.nginx.https_only { "https" } else { "http" };
        return options.nginx.server_names.iter().map(|name| format!("{scheme}://{name}/")).collect();
    }
    let has_web = plan.processes.iter().any(|process| process.endpoint().is_some());
    let host = options.bind_address.as_str();
    if has_web { vec![format!("http://{host}:{}/", plan.ports.app)] } else { Vec::new() }
}

/// What a web app needs to be reachable from other machines, if it is not.
pub(crate) fn unreached(app: &AppName, inputs: &Inputs, plan: &Plan) -> Option<String> {
    if inputs.has_site() {
        return None;
    }
    let name = format!("until it has a name: `config:set {app} NGINX_SERVER_NAME=…`");
    match plan.serves {
        Serves::Static(_) => Some(format!("Its files are not served {name}")),
        Serves::Uwsgi(_) | Serves::Web(_) => {
            let address = reachable(&inputs.options.bind_address, plan.ports.app).ip();
            let everywhere =
                inputs.options.bind_address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_unspecified());
            (address.is_loopback() && !everywhere)
                .then(|| format!("It is only reachable from this machine {name}"))
        }
        Serves::Unavailable | Serves::Nothing => None,
    }
}
