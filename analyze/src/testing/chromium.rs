//! A real browser without a window, driven by the DevTools protocol over a pair of pipes.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What the browser is called by distributions.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page in a browser of its own.
pub(crate) struct Page {
    browser: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: Value,
    next: u64,
    /// Console errors, uncaught exceptions, and refusals by the content security policy.
    pub(crate) problems: Vec<String>,
    /// Everything that was asked for but the page itself.
    pub(crate) requests: Vec<String>,
    /// Holds the page, and all that the browser writes.
    folder: TempDir,
}

/// What the page is shown on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

impl Page {
    /// Shows `html`; `None`, after a line that says so, where there is no browser. In continuous integration on
    /// Linux there must be one.
    pub(crate) fn open(html: &str, screen: Screen) -> Option<Self> {
        let Some(program) = find() else {
            let needed = cfg!(target_os = "linux") && env::var_os("CI").is_some();
            assert!(!needed, "there is no Chromium");
            eprintln!("SKIPPED: there is no Chromium on PATH, nor one named by CHROMIUM");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.html");
        fs::write(&file, html).unwrap();
        let mut page = Self::start(&program, folder);
        page.attach();
        page.show(&file, screen);
        Some(page)
    }

    fn start(program: &str, folder: TempDir) -> Self {
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut browser = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox"])
            .args(["--disable-gpu", "--no-first-run", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = browser.stdin.take().unwrap();
        let output = BufReader::new(browser.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            browser,
            input,
            messages,
            session: Value::Null,
            next: 0,
            problems: Vec::new(),
            requests: Vec::new(),
            folder,
        }
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        self.session = self.call("Target.attachToTarget", target)["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    fn show(&mut self, file: &Path, screen: Screen) {
        let Screen {
            width,
            height,
            dark,
        } = screen;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", json!({ "url": url }));
        self.wait(|message| message["method"] == "Page.loadEventFired");
        // Observers of sizes have run, and what they drew is on the screen.
        self.eval("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
        self.requests.retain(|request| *request != url);
    }

    /// The value of an expression in the page, waited for if it is a promise.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Presses and lets go of a key, for example `ArrowDown`.
    pub(crate) fn key(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            let parameters = json!({ "type": kind, "key": key });
            self.call("Input.dispatchKeyEvent", parameters);
        }
    }

    /// Types into what has the focus.
    pub(crate) fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Clicks into the middle of what a selector finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.eval(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{ block: 'center' }}); \
             const at = it.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let parameters = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", parameters);
        }
    }

    /// Shows the page as it would be printed.
    pub(crate) fn print(&mut self) {
        self.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    }

    /// Sends a command and waits for its result.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_null() {
            command["sessionId"] = self.session.clone();
        }
        let mut line = command.to_string().into_bytes();
        line.push(0);
        self.input.write_all(&line).unwrap();
        let answer = self.wait(|message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap();
            self.note(&message);
            if wanted(&message) {
                return message;
            }
        }
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.problems
                    .push(parameters["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled") => self.problems.push(parameters["args"].to_string()),
            Some("Log.entryAdded") => self.problems.push(parameters["entry"].to_string()),
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                self.requests.push(url.to_owned());
            }
            _ => {}
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
        // Helpers of the browser may still write there.
        let _ = fs::remove_dir_all(self.folder.path());
    }
}

fn find() -> Option<String> {
    if cfg!(not(unix)) {
        return None;
    }
    let named = env::var("CHROMIUM").into_iter();
    let mut candidates = named.chain(NAMES.map(str::to_owned));
    candidates.find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    })
}
