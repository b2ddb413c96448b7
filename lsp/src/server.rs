//! The connection to an editor: messages in, answers and diagnostics out.

use std::collections::HashSet;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions,
    ConfigurationItem, ConfigurationParams, DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher,
    GlobPattern, HoverProviderCapability, InitializeParams, MessageType, OneOf, PositionEncodingKind,
    Registration, RegistrationParams, RenameOptions, ServerCapabilities, ShowMessageParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::document::Encoding;
use crate::environment::Environment;
use crate::location::path_of;
use crate::settings::Settings;
use crate::workspace::Workspace;

/// Files whose changes outside of the editor change diagnostics: networks, recipes and custom chips.
const WATCHED: &str = "**/*.{snn,yaml,yml}";

/// The connection to the editor broke, or a message was out of order.
#[derive(Debug)]
pub struct ServeError(String);

impl std::fmt::Display for ServeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServeError {}

/// Serves an editor until it says `exit`, or closes the connection.
///
/// The settings come from the editor: from `initializationOptions`, from `workspace/configuration` with the section
/// `synnet`, and from `workspace/didChangeConfiguration`.
///
/// # Errors
/// Fails if the connection breaks.
pub fn serve(connection: &Connection, environment: Box<dyn Environment>) -> Result<(), ServeError> {
    let broken = |why: &dyn std::fmt::Display| ServeError(why.to_string());
    let (id, params) = connection.initialize_start().map_err(|why| broken(&why))?;
    let params: InitializeParams = serde_json::from_value(params).map_err(|why| broken(&why))?;
    let encoding = encoding(&params);
    let info = json!({ "name": "snnc lsp", "version": env!("CARGO_PKG_VERSION") });
    let answer = json!({ "capabilities": capabilities(encoding), "serverInfo": info });
    connection.initialize_finish(id, answer).map_err(|why| broken(&why))?;
    let mut server = Server {
        connection,
        workspace: Workspace::new(environment, encoding),
        folder: folder(&params),
        can_pull_settings: can_pull_settings(&params),
        requests: 0,
    };
    server.configure(params.initialization_options.as_ref().unwrap_or(&Value::Null))?;
    server.pull_settings()?;
    if can_watch_files(&params.capabilities) {
        server.watch_files()?;
    }
    server.run()
}

/// Prefers bytes, which need no conversion.
fn encoding(params: &InitializeParams) -> Encoding {
    let general = params.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_deref()).unwrap_or(&[]);
    if offered.contains(&PositionEncodingKind::UTF8) { Encoding::Utf8 } else { Encoding::Utf16 }
}

fn can_pull_settings(params: &InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    workspace.and_then(|workspace| workspace.configuration).unwrap_or(false)
}

fn can_watch_files(capabilities: &ClientCapabilities) -> bool {
    let workspace = capabilities.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false)
}

#[expect(deprecated, reason = "older editors name their folder as `rootUri`")]
fn folder(params: &InitializeParams) -> String {
    let first = params.workspace_folders.as_ref().and_then(|folders| folders.first());
    let uri = first.map(|folder| &folder.uri).or(params.root_uri.as_ref());
    uri.map(path_of).unwrap_or_default()
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let trigger = |characters: &[&str]| Some(characters.iter().map(|c| (*c).to_owned()).collect());
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: trigger(&[":", ".", ">", "{", "(", " "]),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}

struct Server<'a> {
    connection: &'a Connection,
    workspace: Workspace,
    folder: String,
    can_pull_settings: bool,
    /// Number of requests that were sent.
    requests: i32,
}

impl Server<'_> {
    fn run(&mut self) -> Result<(), ServeError> {
        while let Ok(first) = self.connection.receiver.recv() {
            // All that has arrived is handled before documents are checked, so that fast typing costs one check.
            let batch: Vec<Message> =
                std::iter::once(first).chain(self.connection.receiver.try_iter()).collect();
            let canceled: HashSet<RequestId> = batch.iter().filter_map(canceled).collect();
            for message in batch {
                match message {
                    Message::Request(request) => {
                        let is_over = self.connection.handle_shutdown(&request);
                        if is_over.map_err(|why| ServeError(why.to_string()))? {
                            return Ok(());
                        }
                        let answer = match canceled.contains(&request.id) {
                            true => error(request.id, ErrorCode::RequestCanceled, "canceled"),
                            false => self.request(request),
                        };
                        self.send(answer)?;
                    }
                    Message::Notification(notification)
                        if notification.method == notification::Exit::METHOD =>
                    {
                        return Ok(());
                    }
                    Message::Notification(notification) => self.notification(notification)?,
                    Message::Response(response) => self.response(response)?,
                }
            }
            for published in self.workspace.refresh() {
                self.notify::<notification::PublishDiagnostics>(published)?;
            }
        }
        Ok(())
    }

    fn send(&self, message: impl Into<Message>) -> Result<(), ServeError> {
        self.connection.sender.send(message.into()).map_err(|why| ServeError(why.to_string()))
    }

    fn notify<N: notification::Notification>(&self, params: N::Params) -> Result<(), ServeError> {
        self.send(Notification::new(N::METHOD.to_owned(), params))
    }

    fn configure(&mut self, value: &Value) -> Result<(), ServeError> {
        let settings = Settings::from_json(value, &self.folder);
        let configured = settings.and_then(|settings| self.workspace.configure(settings));
        match configured {
            Ok(()) => Ok(()),
            Err(message) => self
                .notify::<notification::ShowMessage>(ShowMessageParams { typ: MessageType::ERROR, message }),
        }
    }

    /// Asks the editor for its settings, if it can be asked.
    fn pull_settings(&mut self) -> Result<(), ServeError> {
        if !self.can_pull_settings {
            return Ok(());
        }
        let item = ConfigurationItem { scope_uri: None, section: Some("synnet".to_owned()) };
        self.ask::<request::WorkspaceConfiguration>(ConfigurationParams { items: vec![item] })
    }

    /// Asks the editor to report changes of files that are not open in it.
    fn watch_files(&mut self) -> Result<(), ServeError> {
        let watcher = FileSystemWatcher { glob_pattern: GlobPattern::String(WATCHED.to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
        let registration = Registration {
            id: "files".to_owned(),
            method: notification::DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        self.ask::<request::RegisterCapability>(RegistrationParams { registrations: vec![registration] })
    }

    fn ask<R: request::Request>(&mut self, params: R::Params) -> Result<(), ServeError> {
        self.requests += 1;
        self.send(Request::new(self.requests.into(), R::METHOD.to_owned(), params))
    }

    /// Takes the answer to a request for settings. Those to other requests are empty.
    fn response(&mut self, response: Response) -> Result<(), ServeError> {
        let Ok(Value::Array(values)) = response.response_result else { return Ok(()) };
        match values.first() {
            // An editor without settings keeps the options of the initialization.
            None | Some(Value::Null) => Ok(()),
            Some(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => Ok(()),
            Some(value) => self.configure(value),
        }
    }

    fn notification(&mut self, notification: Notification) -> Result<(), ServeError> {
        let Notification { method, params } = notification;
        match method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                if let Some(params) = parse::<notification::DidOpenTextDocument>(params) {
                    let document = params.text_document;
                    self.workspace.open(&document.uri, document.version, document.text);
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Some(params) = parse::<notification::DidChangeTextDocument>(params) {
                    let document = params.text_document;
                    self.workspace.change(&document.uri, document.version, params.content_changes);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Some(params) = parse::<notification::DidCloseTextDocument>(params) {
                    let uri = params.text_document.uri;
                    self.workspace.close(&uri);
                    let none =
                        lsp_types::PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None };
                    self.notify::<notification::PublishDiagnostics>(none)?;
                }
            }
            notification::DidSaveTextDocument::METHOD | notification::DidChangeWatchedFiles::METHOD => {
                self.workspace.files_changed();
            }
            notification::DidChangeConfiguration::METHOD => {
                let settings = params.get("settings").cloned().unwrap_or_default();
                // Editors that can be asked send nothing that could be trusted.
                match self.can_pull_settings {
                    true => self.pull_settings()?,
                    false => self.configure(&settings)?,
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn request(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let workspace = &mut self.workspace;
        match method.as_str() {
            request::HoverRequest::METHOD => answer::<request::HoverRequest>(id, params, |p| {
                let at = p.text_document_position_params;
                Ok(workspace.hover(&at.text_document.uri, at.position))
            }),
            request::Completion::METHOD => answer::<request::Completion>(id, params, |p| {
                let at = p.text_document_position;
                Ok(Some(workspace.completion(&at.text_document.uri, at.position).into()))
            }),
            request::GotoDefinition::METHOD => answer::<request::GotoDefinition>(id, params, |p| {
                let at = p.text_document_position_params;
                Ok(Some(workspace.definition(&at.text_document.uri, at.position).into()))
            }),
            request::References::METHOD => answer::<request::References>(id, params, |p| {
                let at = p.text_document_position;
                let with_declaration = p.context.include_declaration;
                Ok(Some(workspace.references(&at.text_document.uri, at.position, with_declaration)))
            }),
            request::DocumentHighlightRequest::METHOD => {
                answer::<request::DocumentHighlightRequest>(id, params, |p| {
                    let at = p.text_document_position_params;
                    Ok(Some(workspace.highlights(&at.text_document.uri, at.position)))
                })
            }
            request::DocumentSymbolRequest::METHOD => {
                answer::<request::DocumentSymbolRequest>(id, params, |p| {
                    Ok(Some(workspace.document_symbols(&p.text_document.uri).into()))
                })
            }
            request::Formatting::METHOD => {
                answer::<request::Formatting>(id, params, |p| Ok(workspace.format(&p.text_document.uri)))
            }
            request::PrepareRenameRequest::METHOD => {
                answer::<request::PrepareRenameRequest>(id, params, |p| {
                    Ok(workspace.prepare_rename(&p.text_document.uri, p.position))
                })
            }
            request::Rename::METHOD => answer::<request::Rename>(id, params, |p| {
                let at = p.text_document_position;
                workspace.rename(&at.text_document.uri, at.position, &p.new_name).map(Some)
            }),
            request::InlayHintRequest::METHOD => answer::<request::InlayHintRequest>(id, params, |p| {
                Ok(Some(workspace.inlay_hints(&p.text_document.uri, p.range)))
            }),
            request::CodeActionRequest::METHOD => answer::<request::CodeActionRequest>(id, params, |p| {
                let actions = workspace.code_actions(&p.text_document.uri, p.range);
                Ok(Some(actions.into_iter().map(Into::into).collect()))
            }),
            _ => error(id, ErrorCode::MethodNotFound, &format!("unknown request `{method}`")),
        }
    }
}

/// Returns the request that a message cancels.
fn canceled(message: &Message) -> Option<RequestId> {
    let Message::Notification(notification) = message else { return None };
    if notification.method != notification::Cancel::METHOD {
        return None;
    }
    serde_json::from_value(notification.params.get("id")?.clone()).ok()
}

/// Returns the parameters of a notification; malformed ones are ignored, since nobody can be told.
fn parse<N: notification::Notification>(params: Value) -> Option<N::Params>
where
    N::Params: DeserializeOwned,
{
    serde_json::from_value(params).ok()
}

/// Answers a request.
fn answer<R: request::Request>(
    id: RequestId,
    params: Value,
    run: impl FnOnce(R::Params) -> Result<R::Result, String>,
) -> Response
where
    R::Params: DeserializeOwned,
    R::Result: Serialize,
{
    match serde_json::from_value(params) {
        Err(why) => error(id, ErrorCode::InvalidParams, &why.to_string()),
        Ok(params) => match run(params) {
            Ok(result) => Response::new_ok(id, result),
            Err(why) => error(id, ErrorCode::RequestFailed, &why),
        },
    }
}

fn error(id: RequestId, code: ErrorCode, message: &str) -> Response {
    Response::new_err(id, code as i32, message.to_owned())
}
