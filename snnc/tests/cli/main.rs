//! End-to-end tests of the command line: arguments and files in; files, messages and exit codes out.

mod bad_input;
mod build;
mod c_code;
mod check;
mod chips;
mod compare;
mod configuration;
mod data;
mod detect;
#[cfg(unix)]
mod documentation;
mod doors;
mod encode;
mod examples;
mod explain;
mod fmt;
mod folds;
#[cfg(unix)]
mod hostile;
mod import;
mod json;
#[cfg(unix)]
mod links;
#[cfg(unix)]
mod lsp;
mod new;
#[cfg(unix)]
mod permissions;
#[cfg(unix)]
mod progress;
mod quantize;
mod report;
mod resume;
mod run;
mod seeds;
mod show;
mod sim;
mod splits;
mod support;
mod terminal;
mod train;
#[cfg(unix)]
mod transcripts;
mod weights;
