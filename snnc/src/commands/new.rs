//! `snnc new`: creates a folder that can be trained at once.

use std::path::Path;

use serde_json::json;
use synnet_workbench::{Error, NewFolder};

use crate::cli::New;
use crate::failure::Failure;
use crate::template::{Project, Template};
use crate::{stdio, terminal};

/// Creates the folder with all files, or nothing.
pub fn run(args: &New, json: bool) -> Result<(), Failure> {
    let name = project_name(&args.folder, args.template)?;
    if args.synnet.is_some() && !args.template.is_package() {
        return Err(Failure::Usage(
            "`--synnet` is for the Rust templates: the others depend on no crate".into(),
        ));
    }
    let synnet = args.synnet.as_deref().map(repository).transpose()?;
    let project = Project { name, synnet: synnet.as_deref() };
    let files = args.template.files(&project).map_err(|error| Failure::Input(error.to_string()))?;
    let folder = NewFolder::create(&args.folder)?;
    for (name, content) in &files {
        folder.write(Path::new(name), content)?;
    }
    folder.publish()?;
    report(args, files.iter().map(|(name, _)| name.as_str()).collect(), json)
}

/// Returns the name of a project, which is that of its folder.
fn project_name(folder: &Path, template: Template) -> Result<&str, Failure> {
    let invalid = |why: &str| Failure::Usage(format!("invalid name `{}`: {why}", folder.display()));
    let name = folder.file_name().and_then(|name| name.to_str()).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("expected the name of a new folder"))?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.chars().all(allowed) {
        return Err(invalid("a name has only letters, digits, `-` and `_`"));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(invalid("a name starts with a letter"));
    }
    if template.is_package() && is_reserved(name) {
        return Err(invalid("a Rust package cannot have this name"));
    }
    Ok(name)
}

/// Returns whether Cargo or Rust refuses a package of this name, or whether it would hide a crate that the project
/// uses.
fn is_reserved(name: &str) -> bool {
    const KEYWORDS: [&str; 52] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
        "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
        "Self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe",
        "unsized", "use", "virtual", "where", "while",
    ];
    const OTHERS: [&str; 13] = [
        "alloc",
        "build",
        "core",
        "deps",
        "examples",
        "incremental",
        "proc_macro",
        "proc-macro",
        "std",
        "synnet",
        "synnet-build",
        "synnet_build",
        "test",
    ];
    KEYWORDS.contains(&name) || OTHERS.contains(&name) || name == "yield"
}

/// Returns the absolute path of a copy of synnet's repository.
fn repository(folder: &Path) -> Result<String, Failure> {
    let read = |source| Error::Io { action: "read", path: folder.to_owned(), source };
    let absolute = std::path::absolute(folder).map_err(read)?;
    let manifest = std::fs::read_to_string(absolute.join("Cargo.toml")).unwrap_or_default();
    if !manifest.lines().any(|line| line.trim() == "name = \"synnet\"") {
        return Err(Failure::Usage(format!(
            "`--synnet {}`: there is no copy of synnet's repository in this folder",
            folder.display()
        )));
    }
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::Usage(format!("`--synnet {}`: the path is not UTF-8", folder.display())))
}

/// Prints what was created, and what to do next.
fn report(args: &New, files: Vec<&str>, json: bool) -> Result<(), Failure> {
    let (description, recipe) = args.template.summary();
    let folder = args.folder.display();
    terminal::note(format_args!("created `{folder}`: {description}"));
    if args.template.is_package() && args.synnet.is_none() {
        terminal::note(format_args!(
            "`{folder}/Cargo.toml` depends on published crates; `--synnet DIR` chooses a copy of the repository"
        ));
    }
    terminal::note(format_args!("next: cd {folder} && snnc train {recipe}"));
    if !json {
        return Ok(());
    }
    stdio::print_json(&json!({ "folder": args.folder, "recipe": args.folder.join(recipe), "files": files }))
}
