//! `snnc lsp`: a session with the language server over standard input and output, as an editor holds it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::support::Folder;

/// An editor that talks to the server.
struct Editor {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    folder: Folder,
    requests: u64,
    /// Notifications that arrived before an answer.
    notifications: Vec<Value>,
}

impl Editor {
    /// Starts the server in a folder with the options, and says hello.
    fn start(folder: Folder, options: &Value, configuration: bool) -> Self {
        let mut command = folder.command(&["lsp"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut editor = Self { child, stdin, stdout, folder, requests: 0, notifications: Vec::new() };
        let answer = editor.request(
            "initialize",
            json!({
                "processId": null,
                "rootUri": editor.uri(""),
                "capabilities": { "workspace": {
                    "configuration": configuration,
                    "didChangeWatchedFiles": { "dynamicRegistration": true },
                } },
                "initializationOptions": options,
            }),
        );
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        assert_eq!(answer["capabilities"]["textDocumentSync"]["change"], 2, "changes are incremental");
        editor.notify("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.path(name).display()).trim_end_matches('/').to_owned()
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.stdin.flush().expect("the server reads");
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).expect("the server writes text"),
                0,
                "the server has ended"
            );
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("it is a number"),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut bytes = vec![0; length];
        self.stdout.read_exact(&mut bytes).expect("the server writes whole messages");
        serde_json::from_slice(&bytes).expect("messages are JSON")
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request, and returns its result, or its error as a string.
    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return message.get("result").cloned().unwrap_or_else(|| message["error"]["message"].clone());
            }
            self.notifications.push(message);
        }
    }

    /// Waits for a message of the server.
    fn wait(&mut self, method: &str) -> Value {
        loop {
            let known = self.notifications.iter().position(|message| message["method"] == method);
            if let Some(known) = known {
                return self.notifications.remove(known);
            }
            let message = self.receive();
            self.notifications.push(message);
        }
    }

    fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        let uri = self.uri(name);
        let document = json!({ "uri": uri, "languageId": "snn", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        self.diagnostics(name)
    }

    /// Replaces the characters of a range, and returns the diagnostics.
    fn change(&mut self, name: &str, range: Value, text: &str) -> Vec<Value> {
        let document = json!({ "uri": self.uri(name), "version": 2 });
        let changes = json!([{ "range": range, "text": text }]);
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
        self.diagnostics(name)
    }

    fn diagnostics(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let published = self.wait("textDocument/publishDiagnostics");
            if published["params"]["uri"] == uri.as_str() {
                return published["params"]["diagnostics"].as_array().expect("it is a list").clone();
            }
        }
    }

    /// Asks about a position.
    fn at(&mut self, method: &str, name: &str, line: u32, character: u32, more: Value) -> Value {
        let mut params = json!({
            "textDocument": { "uri": self.uri(name) },
            "position": { "line": line, "character": character },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        self.request(method, params)
    }

    fn stop(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        drop(self.stdin);
        let output = self.child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{}: {stderr}", output.status);
    }
}

fn range(line: u32, start: u32, end: u32) -> Value {
    json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } })
}

const NET: &str = "network Net {
    dt: 10 ms;
    input audio: 16; /* \u{1f9e0} */ let size = 24;
    layer h: lif(size) { tau_mem: 34 ms, tau_syn: 34 ms, max_spikes: 31 };
    layer out: lif(8) { tau_mem: 34 ms, tau_syn: 34 ms, max_spikes: 1 };
    audio -> linear -> h -> linear -> out;
    output out;
}
";

#[test]
fn a_session_with_a_chip() {
    let options = json!({ "synnet": { "target": "xylo-audio3" } });
    let mut editor = Editor::start(Folder::new(), &options, false);
    let registered = editor.wait("client/registerCapability");
    assert_eq!(registered["params"]["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    assert_eq!(editor.open("net.snn", NET), [Value::Null; 0]);
    // Typing `240` breaks a rule of the chip at the declaration of the layer. Columns are UTF-16 code units.
    let found = editor.change("net.snn", range(2, 41, 43), "240000");
    assert!(found.iter().any(|d| d["code"] == "X0103" && d["range"]["start"]["line"] == 3), "{found:?}");
    let found = editor.change("net.snn", range(2, 41, 47), "24");
    assert_eq!(found, [Value::Null; 0]);
    let hover = editor.at("textDocument/hover", "net.snn", 3, 10, json!({}))["contents"]["value"].to_string();
    for part in [
        "| `h` | 24 | lif |",
        "`tau_syn` 34 ms, as bit shift 2: 34.76 ms",
        "fan-out 0 of",
        "hidden neurons of SynSense",
    ] {
        assert!(hover.contains(part), "{part}: {hover}");
    }
    let hover = editor.at("textDocument/hover", "net.snn", 0, 9, json!({}))["contents"]["value"].to_string();
    assert!(hover.contains("fan-out memory"), "{hover}");
    // A network that breaks a rule has no place on the chip.
    editor.change("net.snn", range(2, 41, 43), "2400");
    let hover = editor.at("textDocument/hover", "net.snn", 3, 10, json!({}))["contents"]["value"].to_string();
    assert!(hover.contains("2400 of 992 hidden neurons") && !hover.contains("fan-out"), "{hover}");
    editor.change("net.snn", range(2, 41, 45), "24");
    // A mistake with its fix.
    let found = editor.change("net.snn", range(3, 25, 32), "tau_men");
    assert_eq!(found[0]["code"], "E0204");
    let document = json!({ "uri": editor.uri("net.snn") });
    let context = json!({ "diagnostics": [] });
    let params = json!({ "textDocument": document, "range": range(3, 25, 25), "context": context });
    let actions = editor.request("textDocument/codeAction", params);
    assert_eq!(actions[0]["title"], "replace `tau_men` with `tau_mem`");
    let edit = &actions[0]["edit"]["changes"][&editor.uri("net.snn")][0];
    assert_eq!(edit["range"], range(3, 25, 32));
    let hover = editor.at("textDocument/hover", "net.snn", 3, 27, json!({}))["contents"]["value"].to_string();
    assert!(hover.contains("**E0204: an unknown field"), "{hover}");
    assert_eq!(editor.change("net.snn", range(3, 25, 32), "tau_mem"), [Value::Null; 0]);
    editor.stop();
}

#[test]
fn definitions_and_references_across_files_and_into_std() {
    let folder = Folder::new();
    let part = "network Part(size) { dt: 1 ms; input x: 4; layer h: expsyn(size) { tau_syn: 9 ms }; x -> linear -> h; output h; }\n";
    folder.write("lib/part.snn", part);
    let user = "use std::SynNet;\nuse \"lib/part.snn\"::Part;\nnetwork A = Part(size: 3);\nnetwork B = SynNet(n_channels: 2, n_classes: 2);\n";
    folder.write("other.snn", user);
    let mut editor = Editor::start(folder, &Value::Null, false);
    assert_eq!(editor.open("net.snn", user), [Value::Null; 0]);
    let found = editor.at("textDocument/definition", "net.snn", 2, 14, json!({}));
    assert_eq!(
        (&found[0]["uri"], &found[0]["range"]),
        (&json!(editor.uri("lib/part.snn")), &range(0, 8, 12))
    );
    let found = editor.at(
        "textDocument/references",
        "net.snn",
        2,
        14,
        json!({ "context": { "includeDeclaration": true } }),
    );
    assert_eq!(found.as_array().map(Vec::len), Some(5), "{found}");
    let changes =
        editor.at("textDocument/rename", "net.snn", 2, 18, json!({ "newName": "width" }))["changes"].clone();
    assert_eq!(changes.as_object().map(serde_json::Map::len), Some(3), "{changes}");
    // The library opens as a file.
    let found = editor.at("textDocument/definition", "net.snn", 3, 14, json!({}));
    let path = found[0]["uri"]
        .as_str()
        .and_then(|uri| uri.strip_prefix("file://"))
        .expect("it is a file")
        .to_owned();
    let text = std::fs::read_to_string(&path).expect("the file exists");
    let line = found[0]["range"]["start"]["line"].as_u64().expect("it has a line") as usize;
    assert_eq!(text.lines().nth(line), Some("network SynNet("));
    let refused = editor.at("textDocument/rename", "net.snn", 3, 14, json!({ "newName": "Mine" }));
    assert_eq!(refused, "names of the standard library cannot be renamed");
    editor.stop();
}

#[test]
fn settings_come_from_the_configuration_and_custom_chips_from_files() {
    let folder = Folder::new();
    let chip = String::from_utf8(folder.snnc(&["chips", "xylo-audio3"]).success().stdout).unwrap();
    let chip = chip.replace("\nname: xylo-audio3\n", "\nname: mine\n").replace("\ninputs: 16", "\ninputs: 8");
    folder.write("chips/mine.yaml", &chip);
    let mut editor = Editor::start(folder, &Value::Null, true);
    // The only custom chip is the target. The settings may arrive before or after the document.
    let asked = editor.wait("workspace/configuration");
    assert_eq!(asked["params"]["items"][0]["section"], "synnet");
    editor
        .send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": [{ "chips": ["chips/mine.yaml"] }] }));
    let found = editor.open("net.snn", NET);
    assert!(found.iter().any(|d| d["code"] == "X0101"), "{found:?}");
    // Then without a target, and with an unknown one.
    for (target, settings) in
        [("", json!({ "target": "rust" })), ("xylo-audo3", json!({ "target": "xylo-audo3" }))]
    {
        editor.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
        let asked = editor.wait("workspace/configuration");
        editor.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": [settings] }));
        assert_eq!(editor.diagnostics("net.snn"), [Value::Null; 0]);
        if !target.is_empty() {
            let shown = editor.wait("window/showMessage")["params"]["message"].to_string();
            assert!(
                shown.contains("`xylo-audo3`") && shown.contains("did you mean `xylo-audio3`?"),
                "{shown}"
            );
        }
    }
    editor.stop();
}

#[test]
fn other_requests_are_answered() {
    let mut editor = Editor::start(Folder::new(), &Value::Null, false);
    editor.open("net.snn", &NET.replace("    output out;", "  output   out;"));
    let document = json!({ "uri": editor.uri("net.snn") });
    let symbols = editor.request("textDocument/documentSymbol", json!({ "textDocument": document }));
    assert_eq!(symbols[0]["children"][1]["name"], "h");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let edits =
        editor.request("textDocument/formatting", json!({ "textDocument": document, "options": options }));
    assert_eq!(edits.as_array().map(Vec::len), Some(1), "{edits}");
    let screen = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let hints =
        editor.request("textDocument/inlayHint", json!({ "textDocument": document, "range": screen }));
    assert_eq!((&hints[0]["label"], &hints[1]["label"]), (&json!("16 x 24"), &json!("24 x 8")));
    let items = editor.at("textDocument/completion", "net.snn", 3, 25, json!({}));
    assert!(
        items.as_array().is_some_and(|items| items.iter().any(|item| item["label"] == "threshold")),
        "{items}"
    );
    let marks = editor.at("textDocument/documentHighlight", "net.snn", 3, 18, json!({}));
    assert_eq!(marks.as_array().map(Vec::len), Some(2), "{marks}");
    let prepared = editor.at("textDocument/prepareRename", "net.snn", 3, 18, json!({}));
    assert_eq!(prepared["placeholder"], "size");
    let unknown = editor.request("textDocument/nonsense", json!({}));
    assert!(unknown.as_str().is_some_and(|text| text.contains("unknown request")), "{unknown}");
    let malformed = editor.request("textDocument/hover", json!({ "textDocument": 3 }));
    assert!(malformed.is_string(), "{malformed}");
    // A document that is not open.
    assert_eq!(editor.at("textDocument/hover", "none.snn", 0, 0, json!({})), Value::Null);
    editor.notify("textDocument/didClose", json!({ "textDocument": document }));
    assert_eq!(editor.diagnostics("net.snn"), [Value::Null; 0]);
    editor.stop();
}

#[test]
fn recipes_are_checked() {
    let folder = Folder::new();
    folder.write("net.snn", NET);
    let mut editor = Editor::start(folder, &Value::Null, false);
    let recipe =
        "network: net.snn\ndata: { format: npz, path: a.npz, steps: 3 }\ntraining:\n  epochs: 2\n  bach: 3\n";
    let found = editor.open("recipe.yaml", recipe);
    assert!(
        found.iter().any(|d| d["message"].as_str().is_some_and(|m| m.contains("did you mean `batch`?"))),
        "{found:?}"
    );
    let items = editor.at("textDocument/completion", "recipe.yaml", 3, 4, json!({}));
    let labels: Vec<&str> =
        items.as_array().into_iter().flatten().filter_map(|item| item["label"].as_str()).collect();
    assert!(labels.contains(&"optimizer") && labels.contains(&"epochs"), "{labels:?}");
    let hover =
        editor.at("textDocument/hover", "recipe.yaml", 1, 10, json!({}))["contents"]["value"].to_string();
    assert!(hover.contains("data.format") && hover.contains("Default: `wav`"), "{hover}");
    // Other YAML files are none of its business.
    assert_eq!(editor.open("compose.yaml", "services: {}\n"), [Value::Null; 0]);
    editor.stop();
}
