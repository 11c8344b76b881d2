//! Requests to an authority.

use std::future::{Future, ready};
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response};
use http_body::Body;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use jiff::{SignedDuration, Timestamp};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::Directory;
use crate::limits::{Limits, Stop};

/// The most that one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest response that is read: far more than a chain needs.
const LONGEST: u64 = 1024 * 1024;

/// Why a request got no response of the authority's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    #[error("cancelled")]
    Stopped(Stop),
    #[error("{0}")]
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}")]
    Untrusted(Box<dyn std::error::Error + Send + Sync>),
    #[error("status {status}")]
    Down { status: u16, retry_at: Option<Timestamp> },
}

/// The time that an authority named last, in `Retry-After`.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetryAt(Arc<Mutex<Option<Timestamp>>>);

impl RetryAt {
    pub(crate) fn get(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Option<Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

/// The client of the ACME library: it blocks, so that no runtime is needed.
#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    limits: Limits,
    retry_at: RetryAt,
}

impl Transport {
    pub(crate) fn new(directory: &Directory, limits: Limits) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(roots(directory))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .https_only(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { agent: config.into(), limits, retry_at: RetryAt::default() }
    }

    pub(crate) fn retry_at(&self) -> RetryAt {
        self.retry_at.clone()
    }

    /// Gets what is public: the directory, and what a certificate's renewal is about.
    pub(crate) fn get(&self, url: &str) -> Result<Response<Bytes>, TransportError> {
        let request =
            Request::get(url).body(()).map_err(|error| TransportError::Unreachable(error.into()))?;
        self.exchange(request.into_parts().0, Bytes::new())
    }

    fn exchange(&self, parts: http::request::Parts, body: Bytes) -> Result<Response<Bytes>, TransportError> {
        let agent = self.agent.clone();
        let answer = self.limits.run(move || send(&agent, parts, body));
        let response = answer.map_err(TransportError::Stopped)?.map_err(failure)?;
        self.retry_at.set(retry_at(&response));
        let status = response.status();
        let is_text =
            response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
        if (status.is_server_error() || status.is_redirection()) && !is_text {
            return Err(TransportError::Down { status: status.as_u16(), retry_at: self.retry_at.get() });
        }
        Ok(response)
    }
}

impl HttpClient for Transport {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (parts, body) = request.into_parts();
        let response = self.exchange(parts, bytes_of(body)).map(|response| {
            let (parts, body) = response.into_parts();
            BytesResponse { parts, body: Box::new(body) }
        });
        Box::pin(ready(response.map_err(|error| Error::Other(Box::new(error)))))
    }
}

/// Runs a future of the ACME library to its end. It never waits, since [`Transport`] does.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}

/// Whom to trust: the roots of the directory, or else those of the system.
fn roots(directory: &Directory) -> RootCerts {
    let own: Vec<Certificate<'static>> =
        directory.roots().iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    if !own.is_empty() {
        return RootCerts::new_with_certs(&own);
    }
    let system = rustls_native_certs::load_native_certs().certs;
    let system: Vec<_> = system.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    RootCerts::new_with_certs(&system)
}

/// The bytes of a body, which are there already.
fn bytes_of(mut body: BodyWrapper<Bytes>) -> Bytes {
    let frame = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
    match frame {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

fn send(agent: &Agent, parts: http::request::Parts, body: Bytes) -> Result<Response<Bytes>, ureq::Error> {
    let response = if parts.method == Method::POST {
        agent.run(Request::from_parts(parts, body.to_vec()))?
    } else {
        agent.run(Request::from_parts(parts, ()))?
    };
    let (parts, mut body) = response.into_parts();
    let bytes = body.with_config().limit(LONGEST).read_to_vec()?;
    Ok(Response::from_parts(parts, bytes.into()))
}

fn failure(error: ureq::Error) -> TransportError {
    let is_tls = match &error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    };
    match error {
        error if is_tls => TransportError::Untrusted(error.into()),
        // Without the prefix of the library.
        ureq::Error::Io(error) => TransportError::Unreachable(error.into()),
        ureq::Error::Timeout(_) => {
            TransportError::Unreachable(io::Error::new(ErrorKind::TimedOut, "no answer in time").into())
        }
        error => TransportError::Unreachable(error.into()),
    }
}

/// When a response asks to come back: after some seconds, or at a time.
fn retry_at(response: &Response<Bytes>) -> Option<Timestamp> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<i64>() {
        Ok(seconds) => Timestamp::now().checked_add(SignedDuration::from_secs(seconds.max(0))).ok(),
        Err(_) => jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(value: &str) -> Option<Timestamp> {
        retry_at(&Response::builder().header(RETRY_AFTER, value).body(Bytes::new()).unwrap())
    }

    #[test]
    fn a_time_to_come_back_is_read_in_both_forms() {
        assert_eq!(at("Wed, 21 Oct 2015 07:28:00 GMT"), Some("2015-10-21T07:28:00Z".parse().unwrap()));
        let soon = at("120").unwrap().duration_since(Timestamp::now());
        assert!((119..=120).contains(&soon.as_secs()), "{soon}");
        for odd in ["", "soon", "99999999999999999999", "9223372036854775807"] {
            assert_eq!(at(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_body_of_a_request_is_taken_whole() {
        assert_eq!(bytes_of(BodyWrapper::from(b"{}".to_vec())), "{}");
        assert_eq!(bytes_of(BodyWrapper::default()), "");
    }
}
