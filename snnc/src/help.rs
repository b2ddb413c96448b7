//! Help texts of the commands: examples, and the names that arguments accept.
//!
//! The names come from the code's own tables, so that the help cannot omit one.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use synnet_ir::graph::Reset;
use synnet_nir::{Dialect, ExportDialect};
use synnet_rockpool::Output;
use synnet_workbench::{ChipCatalog, Engine, NamedTarget};
use synnet_xylo::quantize::Method;

/// Below the list of all commands.
pub const OVERVIEW: &str = "\
Examples:
  snnc new hello
  snnc check net.snn --target xylo-audio3
  snnc train recipe.yaml

`snnc help COMMAND` describes a command and its arguments.
Exit codes: 0 success, 1 errors in the input, 2 misuse or I/O failure, 130 interrupted.";

pub const NEW: &str = "\
Examples:
  snnc new hello
  snnc new swipes --template gesture
  snnc new button --template rust-firmware --synnet ../synnet";

pub const CHECK: &str = "\
Examples:
  snnc check net.snn
  snnc check net.snn --target xylo-audio3
  snnc check recipe.yaml";

pub const FMT: &str = "\
Examples:
  snnc fmt net.snn
  snnc fmt --check nets/first.snn nets/second.snn";

pub const SHOW: &str = "\
Examples:
  snnc show net.snn --layer h0
  snnc show net.snn --target xylo-audio3 --weights w.safetensors --open
  snnc show net.snn --format svg -o net.svg";

pub const ENCODE: &str = "\
Examples:
  snnc encode in.wav -o events.npy --front-end decimation=488
  snnc encode in.wav -o events.npz --recipe recipe.yaml --html page.html
  snnc encode sound -o events --recipe recipe.yaml";

pub const TRAIN: &str = "\
Examples:
  snnc train recipe.yaml --set training.epochs=50
  snnc train recipe.yaml --out runs/first --resume
  snnc train recipe.yaml --seeds 5";

pub const EVAL: &str = "\
Examples:
  snnc eval recipe.yaml --weights w.safetensors
  snnc eval recipe.yaml --weights w.safetensors --on xylo-audio3 --report page.html";

pub const DETECT: &str = "\
Examples:
  snnc detect recipe.yaml --weights w.safetensors
  snnc detect recipe.yaml --weights w.safetensors --on xylo-audio3 --out detection --html page.html";

pub const COMPARE: &str = "\
Examples:
  snnc compare recipe.yaml --weights w.safetensors --target xylo-audio3
  snnc compare recipe.yaml --weights w.safetensors --target xylo-audio3 --html page.html";

pub const RUN: &str = "\
Examples:
  snnc run net.snn --weights w.safetensors --input in.npy --output out.npz --record
  snnc run net.snn --weights w.safetensors --input in.wav --recipe recipe.yaml --output out.npz --html page.html";

pub const BUILD: &str = "\
Examples:
  snnc build net.snn --weights w.safetensors --target rust -o net.rs
  snnc build net.snn --weights w.safetensors --target xylo-audio3 --calibrate in.npy -o net.spec.npz";

pub const IMPORT: &str = "\
Examples:
  snnc import net.nir -o net
  snnc import net.nir --dt 1ms --dialect norse -o nets/net
  snnc import net.json --output vmem -o net";

pub const SIM: &str = "\
Examples:
  snnc sim net.spec.npz --input in.npy --output out.npz
  snnc sim net.spec.npz --target xylo-audio3 --input in.npy --output out.npz --record
  snnc sim net.spec.npz --input in.wav --front-end decimation=488 --output out.npz";

pub const CHIPS: &str = "\
Examples:
  snnc chips
  snnc chips xylo-audio3";

pub const EXPLAIN: &str = "\
Examples:
  snnc explain E0301";

pub const COMPLETIONS: &str = "\
Examples:
  snnc completions bash
  snnc completions zsh

Save the script where the shell looks for it:
  bash        ~/.local/share/bash-completion/completions/snnc
  zsh         _snnc in a folder of $fpath
  fish        ~/.config/fish/completions/snnc.fish
  powershell  add it to the file $PROFILE
  elvish      add it to ~/.config/elvish/rc.elv";

pub const MAN: &str = "\
Examples:
  snnc man man1";

pub const LSP: &str = "\
Examples:
  snnc lsp
  snnc lsp --chip mine.yaml";

/// Appends the names of all targets to a description.
pub fn targets(description: &str) -> String {
    let chips = ChipCatalog::default();
    let targets = NamedTarget::all(chips.iter());
    with_names(description, "Targets", targets.iter().map(NamedTarget::name))
}

/// Appends the names of all chips to a description.
pub fn chips(description: &str) -> String {
    let chips = ChipCatalog::default();
    with_names(description, "Chips", chips.iter().map(|chip| chip.name.as_str()))
}

/// Appends the names of all engines to a description.
pub fn engines(description: &str) -> String {
    let chips = ChipCatalog::default();
    let names = std::iter::once(Engine::FLOAT).chain(chips.iter().map(|chip| chip.name.as_str()));
    with_names(description, "Engines", names)
}

fn with_names<'a>(description: &str, kind: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    format!("{description}\n\n{kind}: {}, and custom chips (`--chip`).", names.join(", "))
}

/// Parses the name of a tool whose NIR files are imported.
pub fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.map(Dialect::name))
        .try_map(|name| Dialect::from_name(&name).ok_or("there is no such tool"))
}

/// Parses the name of the tools that a NIR file is written for.
pub fn export_dialects() -> impl TypedValueParser<Value = ExportDialect> {
    PossibleValuesParser::new(ExportDialect::ALL.map(ExportDialect::name))
        .try_map(|name| ExportDialect::from_name(&name).ok_or("there is no such dialect"))
}

/// Parses the output of a network of Rockpool.
pub fn outputs() -> impl TypedValueParser<Value = Output> {
    PossibleValuesParser::new(["spikes", "vmem"])
        .map(|name| if name == "vmem" { Output::Vmem } else { Output::Spikes })
}

/// Parses a kind of reset.
pub fn resets() -> impl TypedValueParser<Value = Reset> {
    let find = |name: String| Reset::ALL.into_iter().find(|reset| reset.name() == name);
    PossibleValuesParser::new(Reset::ALL.map(Reset::name))
        .try_map(move |name| find(name).ok_or("there is no such reset"))
}

/// Parses the name of a quantizer; clap lists the names in the help and in errors.
pub fn quantizers() -> impl TypedValueParser<Value = Method> {
    PossibleValuesParser::new(Method::NAMES).try_map(|name| name.parse::<Method>())
}
