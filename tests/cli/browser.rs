//! A browser as a judge: a page is opened in it, read and used from the keyboard.
//!
//! It is driven by WebDriver, which is a few JSON requests. The client crates for it are not for this repository: one changes how
//! `serde_json` orders maps, and so every byte that is tested here; the other is under a licence that deny.toml does not allow.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::judge::judge;

/// Keys without a character, as WebDriver calls them.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const UP: &str = "\u{e013}";
pub const RIGHT: &str = "\u{e014}";
pub const DOWN: &str = "\u{e015}";

/// How long a browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page open in a browser of its own.
pub struct Browser {
    chromedriver: Child,
    port: u16,
    session: String,
    _home: TempDir,
}

impl Browser {
    /// A browser with this page open and drawn, or `None` where there is no browser.
    pub fn open(page: &Path) -> Option<Self> {
        let (mut chromedriver, chromium) = (judge("chromedriver")?, judge("chromium")?);
        let home = tempfile::tempdir().expect("a temporary folder");
        chromedriver.arg("--port=0").env("HOME", home.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut chromedriver = chromedriver.spawn().expect("chromedriver runs");
        let port = port(&mut chromedriver);
        let mut browser = Self { chromedriver, port, session: String::new(), _home: home };
        let arguments = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1600,1000"];
        let wanted = json!({
            "goog:chromeOptions": { "binary": chromium.get_program().to_string_lossy(), "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let session = browser.asks("POST", "", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/{}", session["sessionId"].as_str().expect("a session has an id"));
        browser.asks("POST", "/url", &json!({ "url": format!("file://{}", page.display()) }));
        browser.waits_for("performance.getEntriesByName('ready').length > 0");
        Some(browser)
    }

    /// What a JavaScript expression is on the page.
    #[track_caller]
    pub fn value<T: DeserializeOwned>(&self, expression: &str) -> T {
        let script = json!({ "script": format!("return {expression}"), "args": [] });
        let found = self.asks("POST", "/execute/sync", &script);
        serde_json::from_value(found).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The text of the first element that a CSS selector finds.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.value(&format!("document.querySelector({}).textContent", json!(selector)))
    }

    /// Types keys, wherever the focus is.
    #[track_caller]
    pub fn types(&self, keys: &str) {
        let stroke =
            |key: char| ["keyDown", "keyUp"].map(|step| json!({ "type": step, "value": key.to_string() }));
        let strokes: Vec<Value> = keys.chars().flat_map(stroke).collect();
        let typing = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.asks("POST", "/actions", &typing);
    }

    /// Tells the browser itself, by the protocol of its developers' tools.
    #[track_caller]
    pub fn command(&self, name: &str, parameters: &Value) -> Value {
        self.asks("POST", "/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn waits_for(&self, expression: &str) {
        let start = Instant::now();
        while !self.value::<bool>(expression) {
            assert!(start.elapsed() < PATIENCE, "never true: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the browser said to its console since it was last asked.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let lines = self.asks("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = lines.as_array().expect("a log is a list");
        lines.iter().map(|line| line["message"].to_string()).collect()
    }

    /// One request of the session, and the value of its answer.
    #[track_caller]
    fn asks(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut answer = self.answer(method, path, body).expect("chromedriver answers");
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{method} {path}: {value}");
        value
    }

    fn answer(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
        let (session, body) = (&self.session, body.to_string());
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "{method} /session{session}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length is a number");
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A test may have failed for want of an answer: it should end with that failure.
        let _ = self.answer("DELETE", "", &json!({}));
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

/// The port that chromedriver says it has chosen.
fn port(chromedriver: &mut Child) -> u16 {
    let stdout = chromedriver.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let said = lines.find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    said.expect("chromedriver names its port")
}
