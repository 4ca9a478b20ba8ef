//! The server: HTTP/1 on loopback, one route. The only place of palisade that listens on the network.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::answer;
use super::ask::Ask;
use super::play::{Play, Reply};
use super::upstream::Upstream;

/// No request is larger, in bytes: a conversation with all its outputs.
const LARGEST: usize = 256 << 20;
/// How long a silent model is silent: longer than any run.
const SILENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The error of a body.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;
/// A body of whichever kind.
pub(super) type AnyBody = UnsyncBoxBody<Bytes, Failure>;

/// Who answers.
#[derive(Clone, Debug)]
pub enum Behind {
    /// A script.
    Script(Arc<Mutex<Play>>),
    /// A real model server, whose traffic passes through.
    Upstream(Arc<Upstream>),
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on this port of loopback; on any for 0.
    ///
    /// # Errors
    /// The error of listening, or of the runtime.
    pub fn start(port: u16, behind: Behind) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("model".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, behind) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_millis(100));
        })?;
        Ok(Self { port, stop: Some(stop), thread: Some(thread) })
    }

    /// The address, as Codex takes it for a provider.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The lock, whoever panicked with it.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, behind: Behind) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Out of descriptors: others are given back when connections end.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let behind = behind.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let behind = behind.clone();
                async move { Ok::<_, Infallible>(answer_to(request, &behind).await) }
            });
            // A client that goes away is its own affair.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer_to(request: Request<Incoming>, behind: &Behind) -> Response<AnyBody> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return failure(StatusCode::BAD_REQUEST, &format!("the request cannot be read: {error}")),
    };
    match behind {
        Behind::Upstream(upstream) => upstream.pass(parts, body).await,
        Behind::Script(play) => {
            if parts.method != Method::POST || !parts.uri.path().ends_with("/responses") {
                let what = format!(
                    "a scripted model answers POST /v1/responses and not {} {}",
                    parts.method,
                    parts.uri.path()
                );
                return failure(StatusCode::NOT_FOUND, &what);
            }
            let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let ask = Ask::new(headers, &body);
            if !ask.body.is_object() {
                return failure(StatusCode::BAD_REQUEST, "the body is no JSON object");
            }
            let (reply, pause) = locked(play).ask(&ask);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            play_out(reply).await
        }
    }
}

async fn play_out(reply: Reply) -> Response<AnyBody> {
    match reply {
        Reply::Events(events) => stream(whole(answer::stream(&events))),
        Reply::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            failure(status, "the script says so")
        }
        Reply::Cut => stream(UnsyncBoxBody::new(Cut(Some(Bytes::from_static(
            b"event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"cut\"}}\n\n",
        ))))),
        Reply::Silent => {
            tokio::time::sleep(SILENCE).await;
            failure(StatusCode::GATEWAY_TIMEOUT, "the script is silent")
        }
    }
}

fn stream(body: AnyBody) -> Response<AnyBody> {
    let mut response = Response::new(body);
    let event_stream = hyper::header::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, event_stream);
    response
}

/// A body that is there at once.
pub(super) fn whole(text: impl Into<Bytes>) -> AnyBody {
    Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A refusal in the form of the Responses API.
pub(super) fn failure(status: StatusCode, why: &str) -> Response<AnyBody> {
    let error = serde_json::json!({ "error": { "message": why, "type": "palisade" } });
    let mut response = Response::new(whole(error.to_string()));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

/// A body that begins and never ends well: the connection is dropped.
struct Cut(Option<Bytes>);

impl Body for Cut {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        Poll::Ready(Some(
            self.0
                .take()
                .map_or_else(|| Err(Failure::from("the script drops the connection")), |bytes| Ok(Frame::data(bytes))),
        ))
    }
}
