//! Transcripts in the documentation: commands in `console` blocks with their output.
//!
//! A page can show the files that its commands read. The first line of such a block is a comment with the name of the
//! file: `// net.snn`, `# net.yaml`. If a command reads only such files, the lines below it must be its output; a line
//! `...` stands for any lines. `SYNNET_UPDATE=1` rewrites them.

use std::path::Path;

use crate::documentation::{Block, blocks, pages};
use crate::support::Folder;

/// Commands whose output does not depend on the machine.
const STABLE: [&str; 5] = ["check", "show", "fmt", "explain", "chips"];

/// The names of files that a page shows, with their content.
pub(crate) type Shown = Vec<(String, String)>;

/// Returns the files that a page shows.
pub(crate) fn shown_files(page: &Path, blocks: &[Block]) -> Shown {
    let on_page = blocks.iter().filter(|block| block.page == page);
    let named = on_page.filter_map(|block| {
        let comment = match block.kind.as_str() {
            "snn" => "// ",
            "yaml" | "yaml-error" => "# ",
            _ => return None,
        };
        let name = block.lines.first()?.strip_prefix(comment)?;
        // Other comments contain blanks or have no extension.
        let extension = block.kind.split('-').next().unwrap_or_default();
        let is_name = name.ends_with(&format!(".{extension}")) && !name.contains(' ');
        is_name.then(|| (name.to_owned(), block.lines.join("\n") + "\n"))
    });
    named.collect()
}

/// Returns whether a command reads files that are all shown on the page.
pub(crate) fn is_transcript(words: &[&str], shown: &Shown) -> bool {
    reads_only(words, |file| shown.iter().any(|(name, _)| name == file))
}

/// Returns whether what a command prints depends on files only, of which all are known.
fn reads_only(words: &[&str], is_known: impl Fn(&str) -> bool) -> bool {
    let mut files = words.iter().skip(1).filter(|word| Path::new(word).extension().is_some()).peekable();
    words.first().is_some_and(|command| STABLE.contains(command))
        && files.peek().is_some()
        && files.all(|file| is_known(file))
}

/// Returns whether `lines` equals the output up to elisions.
fn shows(lines: &[String], printed: &[String]) -> bool {
    match lines {
        [] => printed.is_empty(),
        [first, rest @ ..] if first == "..." => {
            (0..=printed.len()).any(|left_out| shows(rest, &printed[left_out..]))
        }
        [first, rest @ ..] => printed.first() == Some(first) && shows(rest, &printed[1..]),
    }
}

/// Returns the lines of a block with the actual output of its commands.
fn replayed(block: &Block, shown: &Shown) -> Vec<String> {
    let folder = Folder::new();
    for (name, content) in shown {
        folder.write(name, content);
    }
    let mut replayed = Vec::new();
    let mut lines = block.lines.iter().peekable();
    while let Some(line) = lines.next() {
        replayed.push(line.clone());
        let mut printed = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            printed.push(line.clone());
        }
        let words: Vec<&str> = line.strip_prefix("$ snnc ").unwrap_or_default().split_whitespace().collect();
        // The folder has the files of the page, and projects that `new` created.
        if words.first() == Some(&"new") || reads_only(&words, |file| folder.path(file).exists()) {
            let outcome = folder.snnc(&words);
            let text = format!("{}{}", outcome.text(), outcome.stderr);
            let real: Vec<String> =
                text.trim_matches('\n').lines().map(|line| line.trim_end().to_owned()).collect();
            if !shows(&printed, &real) {
                printed = real;
            }
        }
        replayed.extend(printed);
    }
    replayed
}

#[test]
fn commands_print_what_the_documentation_shows() {
    let updates = std::env::var_os("SYNNET_UPDATE").is_some();
    let blocks = blocks();
    let (mut count, mut report) = (0, String::new());
    for page in pages() {
        let shown = shown_files(&page, &blocks);
        let text = std::fs::read_to_string(&page).expect("pages are text");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        // From the end, so that the line numbers of earlier blocks stay valid.
        for block in blocks.iter().rev().filter(|block| block.page == page && block.kind == "console") {
            let replayed = replayed(block, &shown);
            count += usize::from(!shown.is_empty());
            if replayed != block.lines {
                report += &format!("{}:\n{}\n", block.place, replayed.join("\n"));
                lines.splice(block.start..block.start + block.lines.len(), replayed);
            }
        }
        if updates {
            std::fs::write(&page, lines.join("\n") + "\n").expect("the page can be written");
        }
    }
    assert!(updates || report.is_empty(), "SYNNET_UPDATE=1 rewrites these transcripts:\n{report}");
    assert!(count > 5, "only {count} transcripts were found");
}
