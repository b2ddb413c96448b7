//! `snnc encode`: converts recordings to events.

use std::path::Path;

use serde_json::json;
use synnet_workbench::encoding::{self, Encoding, EncodingStatistics};
use synnet_workbench::file_kind::Expected;
use synnet_workbench::files;
use synnet_workbench::recipe::FrontEnd;

use crate::cli::Encode;
use crate::context::Context;
use crate::failure::Failure;
use crate::{file_kind, stdio, terminal};

/// Encodes a recording to a file, or the recordings of a folder to a folder.
pub fn run(args: &Encode, context: &Context) -> Result<(), Failure> {
    stdio::check_stdout_and_page("-o", &args.out, args.html.as_deref(), context.json)?;
    let outputs = std::iter::once(&args.out).chain(&args.html);
    context.check_outputs(outputs, std::iter::once(&args.input).chain(&args.front_end.recipe), None)?;
    let front_end = args.front_end.front_end(None, context)?;
    if args.input.is_dir() { folder(args, &front_end, context) } else { recording(args, &front_end, context) }
}

/// Encodes a recording.
fn recording(args: &Encode, front_end: &FrontEnd, context: &Context) -> Result<(), Failure> {
    let (input, out) = (&args.input, &args.out);
    let name = stdio::display_name(input);
    let encoding = Encoding::parse(&file_kind::read(input, Expected::Recording)?, front_end);
    let encoding = encoding.map_err(|why| Failure::Input(format!("`{name}`: {why}")))?;
    let title = if stdio::is_stdio(input) { name } else { files::name(input) };
    let events = if stdio::is_stdio(out) { encoding.to_npy() } else { encoding.to_file(out) };
    let page = args.html.as_ref().map(|page| (page, encoding.html(&title)));
    let mut outputs = vec![(out.as_path(), events?)];
    outputs.extend(page.map(|(page, html)| (page.as_path(), html.into_bytes())));
    stdio::write_together(&outputs)?;
    report(args, &encoding.statistics(), front_end, context)
}

/// Encodes the recordings of a folder.
fn folder(args: &Encode, front_end: &FrontEnd, context: &Context) -> Result<(), Failure> {
    if stdio::is_stdio(&args.out) || has_array_extension(&args.out) {
        return Err(Failure::Usage(format!(
            "`{}` is a folder, so its events are written to a folder: pass the name of one to `-o`",
            args.input.display()
        )));
    }
    context.terminal.watch_for_interrupts()?;
    let encoded = encoding::encode_folder(&args.input, &args.out, front_end, &context.terminal)?;
    if let Some(page) = &args.html {
        stdio::write(page, encoded.html(&files::name(&args.input)).as_bytes())?;
    }
    report(args, &encoded.statistics, front_end, context)
}

fn has_array_extension(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy") || e.eq_ignore_ascii_case("npz"))
}

/// Prints the summary, or the numbers for programs.
fn report(
    args: &Encode,
    statistics: &EncodingStatistics,
    front_end: &FrontEnd,
    context: &Context,
) -> Result<(), Failure> {
    terminal::note(statistics.summary());
    statistics.report(front_end, &context.terminal);
    for path in std::iter::once(&args.out).chain(&args.html).filter(|path| !stdio::is_stdio(path)) {
        terminal::note(format_args!("wrote {}", path.display()));
    }
    if !context.json {
        return Ok(());
    }
    let mut result = statistics.to_json();
    result["output"] = json!(args.out);
    context.print_json(result)
}
