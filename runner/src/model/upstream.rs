//! The way to a real model server: what Codex asks is passed on as it is, the answer streams back as it comes, and the recorder
//! sees both. The only place of palisade that connects out, and only to what `--upstream` names.

use std::io;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::ask::Ask;
use super::record::{Heard, Recorder};
use super::serve::{AnyBody, Failure, failure, locked};

/// A model server.
pub struct Upstream {
    host: String,
    port: u16,
    /// In front of every path, instead of our `/v1`.
    path: String,
    tls: Option<TlsConnector>,
    recorder: Arc<Mutex<Recorder>>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Upstream").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Headers that are between two neighbours and no further (RFC 9110, 7.6.1).
const HOPS: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

impl Upstream {
    /// The server at this address.
    ///
    /// # Errors
    /// What is wrong with the address, or why the certificates of this machine cannot be used.
    pub fn new(url: &str, recorder: Arc<Mutex<Recorder>>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("`{url}` is no address: {error}"))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("an address with a user or a password in it is not taken; Codex sends the credentials".into());
        }
        if uri.query().is_some() {
            return Err(format!("`{url}` has a query; only scheme, host, port and path are taken"));
        }
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(format!("`{url}` begins neither with https:// nor with http://")),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| format!("`{url}` names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let loopback =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if !secure && !loopback {
            return Err(format!("`{url}` would send credentials in the clear; take https://"));
        }
        Ok(Self {
            host,
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            path: uri.path().trim_end_matches('/').to_owned(),
            tls: if secure { Some(tls()?) } else { None },
            recorder,
        })
    }

    /// Passes a request on, and the answer back.
    pub(super) async fn pass(&self, parts: Parts, body: Bytes) -> Response<AnyBody> {
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let ask = Ask::new(headers, &body);
        // Other requests pass too; only answers of the model are recorded.
        let recorded = parts.uri.path().ends_with("/responses") && ask.body.is_object();
        let number = {
            let mut recorder = locked(&self.recorder);
            recorder.secrets(parts.headers.iter().filter_map(|(name, value)| secret(name, value)));
            recorded.then(|| recorder.asked(&ask))
        };
        match self.ask(parts, body).await {
            Ok(response) => self.answer(response, number),
            Err(error) => {
                // Asking again does not make a certificate a better one, so Codex is told not to.
                let status = if is_untrusted(&error) { StatusCode::BAD_REQUEST } else { StatusCode::BAD_GATEWAY };
                let why = format!("{}:{} cannot be asked: {error}", self.host, self.port);
                let mut recorder = locked(&self.recorder);
                recorder.unasked(why.clone());
                if let Some(number) = number {
                    recorder.heard(number, Heard::Status(status.as_u16()));
                }
                failure(status, &why)
            }
        }
    }

    fn answer(&self, response: Response<hyper::body::Incoming>, number: Option<u64>) -> Response<AnyBody> {
        let (mut parts, body) = response.into_parts();
        for hop in HOPS {
            parts.headers.remove(*hop);
        }
        let status = parts.status.as_u16();
        let Some(number) = number else {
            return Response::from_parts(parts, body.map_err(Failure::from).boxed_unsync());
        };
        if status >= 400 {
            locked(&self.recorder).heard(number, Heard::Status(status));
            return Response::from_parts(parts, body.map_err(Failure::from).boxed_unsync());
        }
        // Told at its end, also when that comes too early: by the drop.
        let end = End { recorder: Arc::clone(&self.recorder), number };
        let body = body.map_frame(move |frame| {
            if let Some(bytes) = frame.data_ref() {
                locked(&end.recorder).heard(end.number, Heard::Bytes(bytes));
            }
            frame
        });
        Response::from_parts(parts, body.map_err(Failure::from).boxed_unsync())
    }

    async fn ask(&self, mut parts: Parts, body: Bytes) -> io::Result<Response<hyper::body::Incoming>> {
        let own = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let path = format!("{}{}", self.path, own.strip_prefix("/v1").unwrap_or(own));
        parts.uri = path.parse().map_err(io::Error::other)?;
        for hop in HOPS {
            parts.headers.remove(*hop);
        }
        for own in [CONTENT_LENGTH, TRANSFER_ENCODING, ACCEPT_ENCODING] {
            parts.headers.remove(own);
        }
        let authority = if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        };
        parts.headers.insert(HOST, HeaderValue::from_str(&authority).map_err(io::Error::other)?);
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let request = Request::from_parts(parts, Full::new(body));
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => send(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                send(tls.connect(name, stream).await?, request).await
            }
        }
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> io::Result<Response<hyper::body::Incoming>> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(io::Error::other)
}

/// The end of an answer.
struct End {
    recorder: Arc<Mutex<Recorder>>,
    number: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        locked(&self.recorder).heard(self.number, Heard::End);
    }
}

/// What of a header is secret, if its name says that it is.
fn secret(name: &HeaderName, value: &HeaderValue) -> Option<String> {
    let telling = ["authorization", "cookie", "key", "password", "secret", "token", "account"];
    if name == AUTHORIZATION || telling.iter().any(|part| name.as_str().contains(part)) {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        // The scheme in front of it is none.
        return Some(text.split_once(' ').map_or(text.clone(), |(_, rest)| rest.to_owned()));
    }
    None
}

/// Whether the server's certificate is not accepted.
fn is_untrusted(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<tokio_rustls::rustls::Error>());
    matches!(inner, Some(tokio_rustls::rustls::Error::InvalidCertificate(_)))
}

fn tls() -> Result<TlsConnector, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(format!("this machine has no certificate authorities{why}; install ca-certificates"));
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
