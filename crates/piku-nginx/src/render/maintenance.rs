//! Renders what a site includes while it is under maintenance.

use super::{text::Text, visitor};
use crate::{Maintenance, MaintenanceFiles, Network, Site, UrlPath, quote};

/// Adds the file with the addresses of operators, if it exists.
pub(super) fn include_operators(site: &Site, text: &mut Text) {
    if let Some(MaintenanceFiles { operators, .. }) = &site.maintenance {
        text.line(&format!("include {};", operators.word_if_exists()));
    }
}

/// Adds the file with the rules, if it exists. It comes before everything that may answer a request.
pub(super) fn include_rules(site: &Site, text: &mut Text) {
    if let Some(MaintenanceFiles { rules, .. }) = &site.maintenance {
        text.line(&format!("set {} \"\";", site.namespace.variable("mark")));
        text.line(&format!("include {};", rules.word_if_exists()));
    }
}

impl Maintenance {
    /// Renders the addresses of operators, for the `http` block; `None` if there are none.
    pub fn operators(&self) -> Option<String> {
        let mut networks: Vec<&Network> = self.operators.iter().collect();
        networks.sort_unstable();
        networks.dedup();
        if networks.is_empty() {
            return None;
        }
        let mut text = Text::default();
        text.adjoining(&format!("geo {}", self.operator()), |text| {
            text.line("default 0;");
            networks.iter().for_each(|network| text.line(&format!("{network} 1;")));
        });
        Some(text.finish())
    }

    /// Renders the rules, for the `server` blocks.
    ///
    /// The page is sent by an internal redirect, which makes every method a `GET`: nginx would refuse to send a file
    /// in answer to a `POST`. A body of any size is thrown away, so that nobody gets 413 instead of the page.
    pub fn rules(&self) -> String {
        let [closed, mark] = ["closed", "mark"].map(|purpose| self.namespace.variable(purpose));
        let below =
            |name: &str| quote::word(&format!("{}/{name}", self.probe.as_str().trim_end_matches('/')));
        let mut text = Text::default();
        text.line(&format!("set {mark} {};", quote::word(&format!(" {}", self.mark.as_str()))));
        text.line(&format!("set {closed} yes;"));
        let open = |text: &mut Text| text.line(&format!("set {closed} \"\";"));
        if !self.operators.is_empty() {
            text.adjoining(&format!("if ({})", self.operator()), open);
        }
        if let Some(pass) = &self.pass {
            text.adjoining(&format!("if ({} = {})", pass.variable(), pass.secret), open);
        }
        text.adjoining(&format!("if ($uri ~ {})", quote::word(&always_open(&self.probe))), open);
        text.adjoining(&format!("if ({closed})"), |text| {
            text.line(&format!("rewrite ^ {} last;", below("closed")));
        });
        text.block(&format!("location = {}", below("closed")), |text| {
            text.line("client_max_body_size 0;");
            text.line(&format!("error_page 503 {};", below("page")));
            text.line("return 503;");
        });
        text.block(&format!("location = {}", below("page")), |text| {
            text.lines(["internal;", "client_max_body_size 0;", "auth_basic off;", "allow all;"]);
            text.line(&format!("alias {};", self.page.word()));
            text.line(&format!("disable_symlinks on {};", self.page.parent().starting_point()));
            text.lines(["types { }", "default_type \"text/html; charset=utf-8\";"]);
            text.line(&format!("add_header Retry-After {} always;", self.retry_after));
            text.line("add_header Cache-Control no-store always;");
        });
        text.finish()
    }

    /// The variable that is set for operators. Each site has its own, since it is defined for all of nginx.
    fn operator(&self) -> String {
        format!("${}", self.name.variable(&self.namespace, "operator"))
    }
}

/// The pattern of the URLs that stay open.
fn always_open(probe: &UrlPath) -> String {
    format!(
        "^(?:{}.*|{}(?:/page)?)$",
        quote::literal(visitor::ACME_CHALLENGE),
        quote::literal(probe.as_str())
    )
}
