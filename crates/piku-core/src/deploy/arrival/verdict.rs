//! Turns the outcome of a request into a verdict on the release. Pure.

use crate::host::door::Heard;
use crate::host::health::Reply;

/// The verdict on a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The app responded.
    Live,
    /// There was no response in time.
    Late,
    /// The app was reached but failed; with what it does.
    App(String),
    /// The app accepts no connections.
    Gone,
    /// The app ends connections without a response: the process died, or does not speak HTTP.
    Silent,
    /// nginx responds in the place of a healthy app, or not at all; with what it does.
    Nginx(String),
    /// The requested folder has no index page; with the status.
    NoIndex(u16),
}

/// Judges the response of an app. Calls `direct` only if the reply of the app itself matters. With `demanded`, only 2xx
/// and 3xx are good.
pub(super) fn of_answer(heard: &Heard, direct: impl FnOnce() -> Reply, demanded: bool) -> Verdict {
    let (status, nginx_page) = match heard {
        Heard::Status { status, nginx_page } => (*status, *nginx_page),
        Heard::Late => return Verdict::Late,
        Heard::Nothing => return Verdict::Nginx(CLOSES.to_owned()),
        Heard::Closed(why) => return Verdict::Nginx(format!("can't be asked ({why})")),
    };
    match status {
        ..400 => return Verdict::Live,
        // A page of nginx means that the site has a rule, such as a password or allowed addresses.
        400..500 if demanded && !nginx_page => return Verdict::App(answers(status)),
        // Frameworks that check the host of a request answer so to one that they do not know, and then to everybody.
        400 if !nginx_page => return Verdict::App(answers(status)),
        400..500 => return Verdict::Live,
        500.. => {}
    }
    match direct() {
        Reply::Answer(answer) if answer.status >= 500 => Verdict::App(answers(answer.status)),
        // These statuses come from nginx as a gateway, even if the site has its own page for them.
        Reply::Answer(_) if nginx_page || matches!(status, 502 | 504) => Verdict::Nginx(answers(status)),
        Reply::Answer(_) => Verdict::App(answers(status)),
        Reply::Nothing => Verdict::Silent,
        Reply::Late => Verdict::Late,
        Reply::Unreachable => Verdict::Gone,
    }
}

/// Judges the response over HTTP of a site that redirects to HTTPS.
pub(super) fn of_redirect(heard: &Heard) -> Verdict {
    match heard {
        Heard::Status { status: 300..400, .. } => Verdict::Live,
        Heard::Status { status, .. } => {
            Verdict::Nginx(format!("{} instead of leading to HTTPS", answers(*status)))
        }
        other => of_answer(other, || Reply::Unreachable, false),
    }
}

/// Judges the response of a static site, which only nginx can have sent. `no_index` means that the requested folder has
/// no index page; `closed` returns whether nginx lacks access to it.
pub(super) fn of_files(heard: &Heard, no_index: bool, closed: impl Fn() -> bool, demanded: bool) -> Verdict {
    let Heard::Status { status, .. } = heard else { return of_answer(heard, || Reply::Unreachable, false) };
    match status {
        ..400 => Verdict::Live,
        // nginx reports a folder that it can't enter as missing.
        403 | 404 if closed() => Verdict::Nginx(answers(*status)),
        403 | 404 if no_index => Verdict::NoIndex(*status),
        404 if !demanded => Verdict::Live,
        // The site has a password or allowed addresses.
        400..500 if *status != 403 && *status != 404 => Verdict::Live,
        _ => Verdict::Nginx(answers(*status)),
    }
}

pub(super) const GONE: &str = "takes no connections any more";

pub(super) const CLOSES: &str = "ends the connection without an answer";

fn answers(status: u16) -> String {
    format!("answers with status {status}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::health::Answer;

    fn status(status: u16, nginx_page: bool) -> Heard {
        Heard::Status { status, nginx_page }
    }

    fn reply(status: u16) -> Reply {
        Reply::Answer(Answer { status, body: String::new() })
    }

    #[test]
    fn what_the_app_says_and_what_nginx_says_are_told_apart() {
        let app = |what: &str| Verdict::App(what.to_owned());
        let nginx = |what: &str| Verdict::Nginx(what.to_owned());
        let refused = Heard::Closed("Connection refused".to_owned());
        for (heard, direct, demanded, verdict) in [
            (status(200, false), None, true, Verdict::Live),
            (status(302, false), None, true, Verdict::Live),
            (status(404, false), None, false, Verdict::Live),
            (status(404, false), None, true, app("answers with status 404")),
            (status(403, true), None, false, Verdict::Live),
            (status(401, true), None, true, Verdict::Live),
            (status(500, false), Some(reply(500)), false, app("answers with status 500")),
            (status(502, false), Some(reply(502)), false, app("answers with status 502")),
            (status(503, false), Some(reply(200)), true, app("answers with status 503")),
            (status(502, true), Some(Reply::Nothing), false, Verdict::Silent),
            (status(400, false), None, false, app("answers with status 400")),
            (status(400, true), None, false, Verdict::Live),
            (status(502, true), Some(reply(200)), false, nginx("answers with status 502")),
            (status(502, true), Some(reply(404)), false, nginx("answers with status 502")),
            (status(504, false), Some(reply(200)), false, nginx("answers with status 504")),
            (status(500, true), Some(reply(200)), false, nginx("answers with status 500")),
            (status(502, true), Some(Reply::Unreachable), false, Verdict::Gone),
            (status(504, true), Some(Reply::Late), true, Verdict::Late),
            (Heard::Late, None, true, Verdict::Late),
            (Heard::Nothing, None, false, nginx(CLOSES)),
            (refused.clone(), None, false, nginx("can't be asked (Connection refused)")),
        ] {
            let shown = format!("{heard:?} {direct:?} {demanded}");
            let asked = || direct.expect("the app itself is not asked when its answer is no news");
            assert_eq!(of_answer(&heard, asked, demanded), verdict, "{shown}");
        }
        assert_eq!(of_redirect(&status(301, true)), Verdict::Live);
        assert_eq!(
            of_redirect(&status(200, false)),
            nginx("answers with status 200 instead of leading to HTTPS")
        );
        assert_eq!(of_redirect(&refused), nginx("can't be asked (Connection refused)"));
    }

    #[test]
    fn a_folder_without_a_page_is_told_from_one_that_is_closed() {
        let nginx = |status| Verdict::Nginx(answers(status));
        for (code, no_index, closed, demanded, verdict) in [
            (200, false, false, false, Verdict::Live),
            (403, true, false, false, Verdict::NoIndex(403)),
            (403, true, true, false, nginx(403)),
            (404, true, true, false, nginx(404)),
            (403, false, false, false, nginx(403)),
            (404, false, false, false, Verdict::Live),
            (404, false, false, true, nginx(404)),
            (401, false, false, true, Verdict::Live),
            (500, false, false, false, nginx(500)),
        ] {
            assert_eq!(
                of_files(&status(code, true), no_index, || closed, demanded),
                verdict,
                "{code} {no_index} {closed} {demanded}"
            );
        }
        assert_eq!(of_files(&Heard::Late, true, || true, true), Verdict::Late);
    }
}
