//! `palisade model` with the real Codex: every kind of call, and a recording that is replayed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use palisade::model::home;
use palisade::model::play::Play;
use palisade::model::script::{ModelKind, Script};
use palisade::model::serve::{Behind, Server};

use crate::peers;

const VERSIONS: [&str; 2] = ["0.125.0", "0.169.0"];

/// How Codex is called. Without the real `/tmp`, where tests that run beside this one would take its `.git` away.
const EXEC: [&str; 6] =
    ["exec", "--json", "--sandbox", "workspace-write", "-c", "sandbox_workspace_write.exclude_slash_tmp=true"];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir_in("/var/tmp").expect("a folder"));
        std::fs::create_dir(place.at("work")).expect("a workspace");
        let git = Command::new("git").args(["init", "-q"]).arg(place.at("work")).status();
        assert!(git.expect("git").success());
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.at(name), text).expect("written");
        self.at(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    /// `palisade model OPTIONS -- WORDS`, in the workspace.
    fn model(&self, options: &[&str], words: &[&str]) -> Output {
        self.command(options, words).output().expect("palisade")
    }

    /// The same, where only this authority is trusted.
    fn trusting(&self, options: &[&str], words: &[&str], authority: &str) -> Output {
        self.command(options, words).env("SSL_CERT_FILE", self.at(authority)).output().expect("palisade")
    }

    fn command(&self, options: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .arg("model")
            .args(options)
            .arg("--")
            .args(words)
            .current_dir(self.at("work"))
            .env("HOME", self.0.path())
            .env("XDG_STATE_HOME", self.at("state"))
            .env("PLANTED", "planted-credential-1234567890")
            .stdin(std::process::Stdio::null());
        command
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const CALLS: &str = r#"
[[call]]
id = "write"
run = "echo hello > hello.txt"
expect = { exit = 0 }

[[call]]
id = "outside"
run = "sleep 0.6; echo x > ../outside.txt"
expect = { bypass = { exit = 0 }, full-auto = { outcome = "denied", says = "ead-only" } }

[[call]]
id = "patch"
patch = """
*** Begin Patch
*** Add File: patched.txt
+by a patch
*** End Patch"""
expect = { outcome = "ran" }

[[call]]
id = "shell"
run = "cat > typed.txt"
tty = true
yield-ms = 400
expect = { outcome = "running" }

[[call]]
id = "typed"
type = "typed text\n\u0004"
into = "shell"
yield-ms = 900

[[call]]
id = "helper"
agent = "do the sub task"

[[call]]
id = "inner"
thread = "helper"
run = "echo inner > inner.txt"
expect = { exit = 0 }

[[call]]
id = "one"
run = "echo one"
expect = { says = "one", exit = 0 }

[[call]]
id = "two"
beside = true
run = "echo two; exit 3"
expect = { exit = 3 }
"#;

#[test]
fn every_kind_of_call_is_executed_and_told() {
    for version in VERSIONS {
        let place = Place::new();
        let script = place.write("calls.toml", CALLS);
        let log = place.at("model.jsonl");
        let codex = peers::codex(version);
        let options = ["--script", text(&script), "--log", text(&log), "--mode", "full-auto"];
        let words = [&[text(&codex)], &EXEC[..], &["go"]].concat();
        let output = place.model(&options, &words);
        let what = format!("{version}: {}\n{}", said(&output), place.read("model.jsonl"));
        assert_eq!(output.status.code(), Some(0), "{what}");
        for (file, holds) in
            [("hello.txt", "hello"), ("patched.txt", "by a patch"), ("typed.txt", "typed text"), ("inner.txt", "inner")]
        {
            assert!(place.read(&format!("work/{file}")).contains(holds), "{file}: {what}");
        }
        assert!(!place.at("outside.txt").exists(), "{what}");
        assert!(!place.at("state/palisade").read_dir().is_ok_and(|mut left| left.next().is_some()), "{what}");
        let show = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["codex", "show", "--format", "json", text(&log)])
            .output()
            .expect("palisade");
        let report: serde_json::Value = serde_json::from_slice(&show.stdout).expect("a report");
        let ids: Vec<&str> =
            report["deeds"].as_array().expect("deeds").iter().filter_map(|deed| deed["id"].as_str()).collect();
        assert!(["write", "patch", "typed", "inner", "two"].iter().all(|id| ids.contains(id)), "{ids:?} {what}");
        assert_eq!(report["traces"][0]["leftovers"]["unknown"], 0, "{report}");
    }
}

#[test]
fn the_code_mode_of_newer_models_is_played_too() {
    let place = Place::new();
    let script = "code-mode = true\n[[call]]\nid = \"program\"\n\
                  code = \"const r = await tools.exec_command({cmd: 'echo from code > code.txt; echo told'}); text(r.output);\"\n\
                  expect = { says = \"told\" }\n\
                  [[call]]\nid = \"patch\"\npatch = '''\n*** Begin Patch\n*** Add File: patched.txt\n+x\n*** End Patch'''\n";
    let script = place.write("calls.toml", script);
    let codex = peers::codex("0.169.0");
    let words = [&[text(&codex)], &EXEC[..], &["go"]].concat();
    let output = place.model(&["--script", text(&script)], &words);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(place.read("work/code.txt").contains("from code"), "{}", said(&output));
    assert!(place.at("work/patched.txt").exists(), "{}", said(&output));
}

#[test]
fn what_does_not_come_as_expected_is_told() {
    let place = Place::new();
    let script = "[[call]]\nid = \"odd\"\nrun = \"exit 4\"\nexpect = { exit = 0 }\n[[call]]\nid = \"gone\"\nstatus = 400\n\
                  [[call]]\nid = \"never\"\nrun = \"true\"\n";
    let script = place.write("calls.toml", script);
    let codex = peers::codex("0.125.0");
    let words = [text(&codex), "exec", "--json", "--sandbox", "read-only", "go"];
    let output = place.model(&["--script", text(&script)], &words);
    // The turn failed, and that is the status of the command.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for part in ["odd: expected exit 0, got ran, exit 4", "never made or never answered: never"] {
        assert!(said(&output).contains(part), "{}", said(&output));
    }
}

#[test]
fn traffic_with_a_model_server_becomes_a_script_that_replays_it_without_its_credentials() {
    let place = Place::new();
    let secret = format!("sk-{}", "planted0123456789abcdef");
    let script = format!(
        "[[call]]\nid = \"write\"\nrun = \"echo {secret} > hello.txt\"\n[[call]]\nid = \"helper\"\nagent = \"sub task\"\n\
         [[call]]\nid = \"inner\"\nthread = \"helper\"\nrun = \"echo inner > inner.txt\"\n[[call]]\nsay = \"all done\"\n"
    );
    let codex = peers::codex("0.169.0");
    let (record, log) = (place.at("recorded.toml"), place.at("pass.jsonl"));
    // The part of a real model server is played by a script.
    let script = Script::parse("calls.toml", &script).expect("a script");
    let play = Arc::new(Mutex::new(Play::new(script, None, None, None)));
    let server = Server::start(0, Behind::Script(play)).expect("loopback");
    let home = place.at("home");
    home::write(&home, &server.url(), ModelKind::Tools, None).expect("a home");
    let options = ["--upstream", &server.url(), "--record", text(&record), "--log", text(&log)];
    let home = format!("CODEX_HOME={}", home.display());
    let url = "model_providers.scripted.base_url=\"{}\"";
    let key = "model_providers.scripted.env_key=\"PLANTED\"";
    let words = [&["env", &home, text(&codex)], &EXEC[..], &["-c", url, "-c", key, "go"]].concat();
    let output = place.model(&options, &words);
    let recorded = place.read("recorded.toml");
    let what = format!("{}\n{recorded}", said(&output));
    assert_eq!(output.status.code(), Some(0), "{what}");
    assert!(place.at("work/inner.txt").exists(), "{what}");
    for planted in [secret.as_str(), "planted-credential-1234567890"] {
        assert!(!recorded.contains(planted) && !place.read("pass.jsonl").contains(planted), "{what}");
    }
    assert!(recorded.contains("echo [masked: openai-key] > hello.txt") && recorded.contains("agent = "), "{what}");
    std::fs::remove_file(place.at("work/inner.txt")).expect("removed");
    let words = [&[text(&codex)], &EXEC[..], &["go"]].concat();
    let output = place.model(&["--script", text(&record)], &words);
    assert_eq!(output.status.code(), Some(0), "{}\n{recorded}", said(&output));
    assert!(place.at("work/inner.txt").exists(), "{}", said(&output));
}

/// What a server shows and what a client trusts, made by openssl: `NAME.pem` is an authority, `NAME.der` and `NAME.key` what it has
/// signed for `localhost`.
fn authority(place: &Place, name: &str) {
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out $1.pem -days 2 -subj /CN=$1 && \
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout leaf.key -out leaf.csr -subj /CN=localhost && \
        printf 'subjectAltName=DNS:localhost\n' > leaf.ext && \
        openssl x509 -req -in leaf.csr -CA $1.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.ext -outform DER -out $1.der && \
        openssl pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out $1.key";
    let output = Command::new("sh").args(["-c", script, "sh", name]).current_dir(place.0.path()).output().expect("sh");
    assert!(output.status.success(), "{}", said(&output));
}

/// A server on loopback that speaks TLS under this name's certificate and passes what it hears on to a port; gives its own.
fn tls_before(place: &Place, name: &str, port: u16) -> u16 {
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    let read = |kind: &str| std::fs::read(place.at(&format!("{name}.{kind}"))).expect("made");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(read("key")));
    let config = tokio_rustls::rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![CertificateDer::from(read("der"))], key).expect("a certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    listener.set_nonblocking(true).expect("a listener");
    let own = listener.local_addr().expect("an address").port();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let (Ok(mut near), Ok(mut far)) =
                        (acceptor.accept(stream).await, tokio::net::TcpStream::connect(("127.0.0.1", port)).await)
                    else {
                        return;
                    };
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
    });
    own
}

#[test]
fn a_server_behind_tls_is_recorded_and_one_with_a_strange_certificate_is_not_asked() {
    let place = Place::new();
    authority(&place, "known");
    authority(&place, "strange");
    let script = "[[call]]\nid = \"write\"\nrun = \"echo a > hello.txt\"\n[[call]]\nsay = \"all done\"\n";
    let codex = peers::codex("0.169.0");
    for (shown, host) in [("known", "localhost"), ("strange", "localhost"), ("known", "127.0.0.1")] {
        let play = Play::new(Script::parse("calls.toml", script).expect("a script"), None, None, None);
        let server = Server::start(0, Behind::Script(Arc::new(Mutex::new(play)))).expect("loopback");
        let plain: u16 =
            server.url().trim_end_matches("/v1").rsplit(':').next().expect("a port").parse().expect("a port");
        let port = tls_before(&place, shown, plain);
        let home = place.at("home");
        home::write(&home, "http://127.0.0.1:9/v1", ModelKind::Tools, None).expect("a home");
        let (upstream, record) = (format!("https://{host}:{port}/v1"), place.at("recorded.toml"));
        let _ = std::fs::remove_file(&record);
        let home = format!("CODEX_HOME={}", home.display());
        let (url, key) = ("model_providers.scripted.base_url=\"{}\"", "model_providers.scripted.env_key=\"PLANTED\"");
        let words = [&["env", &home, text(&codex)], &EXEC[..], &["-c", url, "-c", key, "go"]].concat();
        let began = std::time::Instant::now();
        let output = place.trusting(&["--upstream", &upstream, "--record", text(&record)], &words, "known.pem");
        let what = format!("{shown} {host}: {}\n{}", said(&output), place.read("recorded.toml"));
        assert!(!place.read("recorded.toml").contains("planted-credential"), "{what}");
        if (shown, host) == ("known", "localhost") {
            assert_eq!(output.status.code(), Some(0), "{what}");
            assert!(place.at("work/hello.txt").exists() && what.contains("echo a > hello.txt"), "{what}");
            std::fs::remove_file(place.at("work/hello.txt")).expect("removed");
        } else {
            assert_eq!(output.status.code(), Some(1), "{what}");
            let why = format!("palisade: {host}:{port} cannot be asked: invalid peer certificate");
            assert!(what.contains(&why) && !place.at("work/hello.txt").exists(), "{what}");
            assert!(began.elapsed().as_secs() < 20, "asked again and again: {what}");
        }
    }
}

#[test]
fn an_address_that_would_give_credentials_away_is_refused() {
    let place = Place::new();
    for (url, why) in [
        ("http://example.org/v1", "in the clear"),
        ("https://user:word@example.org/v1", "user or a password"),
        ("ftp://127.0.0.1/", "neither with https:// nor"),
    ] {
        let record = place.at("r.toml");
        let output = place.model(&["--upstream", url, "--record", text(&record)], &["true"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(why) && !record.exists(), "{}", said(&output));
    }
}
