//! A server that gives pages over HTTPS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use piku_acme::Directory;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Its address, and the certificate that vouches for it. It ends with the process.
pub(crate) struct Pages {
    port: u16,
    root: String,
}

impl Pages {
    /// Answers each request with what is given for its path and host: a status line without its protocol, and the rest.
    pub(crate) fn serve(answer: impl Fn(&str, &str) -> String + Send + 'static) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let root = made.cert.pem();
        let chain = vec![CertificateDer::from_pem_slice(root.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = Arc::new(versions.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                drop(talk(stream, &config, &answer));
            }
        });
        Self { port, root }
    }

    pub(crate) fn directory(&self) -> Directory {
        let url = format!("https://localhost:{}/directory", self.port);
        Directory::at(&url).unwrap().trusting(self.root.as_bytes()).unwrap()
    }
}

/// Answers requests until the client closes.
fn talk(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    answer: &impl Fn(&str, &str) -> String,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = [0; 4096];
    loop {
        let read = stream.read(&mut request)?;
        if read == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&request[..read]).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default();
        let host =
            text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
        write!(stream, "HTTP/1.1 {}", answer(path, &host.unwrap_or_default()))?;
        stream.flush()?;
    }
}
