//! The input of `run` and `sim`: an array of events, or a recording and the options of its front end.

use std::path::Path;

use serde_json::Value;
use synnet_workbench::encoding::Encoding;
use synnet_workbench::file_kind::Expected;
use synnet_workbench::recipe::{FrontEnd, Recipe};
use synnet_workbench::{InputEvents, Observer};

use crate::cli::{ArrayArgs, FrontEndArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::file_kind;
use crate::stdio;

/// Input events, with the recording they come from.
pub struct Input {
    pub events: InputEvents,
    recording: Option<(FrontEnd, Encoding)>,
}

impl Input {
    /// Reads `--input`. A file that starts like a WAV file, or has its extension, is a recording; by default, its front
    /// end is `front_end`.
    pub fn read(
        args: &ArrayArgs,
        channels: usize,
        front_end: Option<&FrontEnd>,
        context: &Context,
    ) -> Result<Self, Failure> {
        let path = &args.input;
        let bytes = file_kind::read(path, Expected::EventsOrRecording)?;
        if !is_wav(path, &bytes) {
            args.front_end.reject_for(path)?;
            let events = InputEvents::parse(&bytes, channels).map_err(|why| wrong(path, &why))?;
            return Ok(Self { events, recording: None });
        }
        let front_end = args.front_end.front_end(front_end, context)?;
        let encoding = Encoding::parse(&bytes, &front_end).map_err(|why| wrong(path, &why))?;
        let events = InputEvents::encoded(&encoding, channels).map_err(|why| wrong(path, &why))?;
        Ok(Self { events, recording: Some((front_end, encoding)) })
    }

    /// Reports what the front end made of a recording, and warns if its time step does not fit the network, whose name
    /// and `dt` are given.
    pub fn report(&self, network: Option<(&str, f64)>, context: &Context) {
        let Some((front_end, encoding)) = &self.recording else { return };
        if let Some((name, dt)) = network {
            front_end.warn_about_time_step(name, dt, &context.terminal);
        }
        let statistics = encoding.statistics();
        context.terminal.note(&statistics.summary());
        statistics.report(front_end, &context.terminal);
    }

    /// Returns the numbers of the recording for programs; null for an array.
    pub fn recording_json(&self) -> Option<Value> {
        self.recording.as_ref().map(|(_, encoding)| encoding.statistics().to_json())
    }
}

impl FrontEndArgs {
    /// Returns the front end of `--recipe`, by default `default` or else that of a recipe without the section, with the
    /// given options.
    pub fn front_end(&self, default: Option<&FrontEnd>, context: &Context) -> Result<FrontEnd, Failure> {
        let front_end = match &self.recipe {
            Some(path) => {
                let text = file_kind::read_text(path, Expected::Recipe)?;
                Recipe::parse(text, path, &[], &context.chips)?.front_end
            }
            None => default.cloned().unwrap_or_default(),
        };
        Ok(front_end.with_options(&self.options)?)
    }

    /// Rejects the options for input that is not a recording: ignoring one would hide a mistake.
    fn reject_for(&self, path: &Path) -> Result<(), Failure> {
        let given = [("--recipe", self.recipe.is_some()), ("--front-end", !self.options.is_empty())];
        let Some((option, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
        let name = stdio::display_name(path);
        Err(Failure::Usage(format!("`{option}` is for recordings (`.wav`), but `{name}` holds events")))
    }
}

fn is_wav(path: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF")
        || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
}

fn wrong(path: &Path, why: &str) -> Failure {
    Failure::Input(format!("`{}`: {why}", stdio::display_name(path)))
}
