//! A language server for the synnet language.
//!
//! A [`Workspace`] holds the open documents and answers questions about them: diagnostics, hover, completion,
//! definitions, references, rename, symbols, formatting, inlay hints, code actions. It does no I/O; an [`Environment`]
//! gives it files, targets and explanations. [`serve`] connects a workspace to an editor.
//!
//! Positions are lines and columns in the unit that editor and server agree on ([`Encoding`]).
//!
//! ```
//! use synnet_lsp::{Encoding, NoEnvironment, Workspace};
//!
//! let mut workspace = Workspace::new(Box::new(NoEnvironment), Encoding::Utf16);
//! let uri = "file:///net.snn".parse()?;
//! workspace.open(&uri, 1, "network Net { dt: 1; }".to_owned());
//! let published = workspace.refresh();
//! let diagnostics = &published[0].diagnostics;
//! assert!(diagnostics.iter().any(|d| d.message.contains("`dt` must be a time")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actions;
mod analyzed;
mod completion;
mod context;
mod diagnostics;
mod document;
mod environment;
mod facts;
mod hints;
mod hover;
mod location;
mod navigation;
mod outline;
mod recipe;
mod rename;
mod server;
mod settings;
mod workspace;
mod yaml;

pub use document::Encoding;
pub use environment::{Checker, Environment, NoEnvironment, RecipeReport};
pub use recipe::RecipeKey;
pub use server::{ServeError, serve};
pub use settings::Settings;
pub use workspace::Workspace;
