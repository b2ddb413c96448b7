//! Locates the value that causes an error, and finds acceptable replacements, by trial.
//!
//! serde buffers the options of an enum with a `kind` before it reads them, and then knows no paths. Removing the value
//! that causes the error changes or resolves it; removing any other value does not.

use serde::de::{DeserializeOwned, Unexpected};
use synnet_ir::Span;

use super::deserialize::from_node;
use super::fault::{Fault, FaultKind, length_words};
use super::path::Steps;
use super::{KIND, Node, Value};

/// Values that hardly any file has, so that an error about them is recognized.
const INTEGER: i64 = 101;
const NUMBER: f64 = 0.515625;
const TEXT: &str = "\u{1}any";
/// Maximum length of a list of a fixed length.
const MAX_LENGTH: usize = 4;

/// The values that are accepted at a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Accepted {
    pub integer: bool,
    pub number: bool,
    pub boolean: bool,
    pub text: bool,
    pub list: bool,
    pub mapping: bool,
    /// The names, if only certain texts are accepted.
    pub names: Option<&'static [&'static str]>,
    /// Number of values of a list, if it is fixed.
    pub length: Option<usize>,
    /// Smallest and largest integer, if the type is narrower than 64 bits or has no sign.
    pub limits: Option<[i64; 2]>,
}

/// Returns the path to the value that causes an error.
pub(super) fn guilty<T: DeserializeOwned>(tree: &Node, fault: &Fault) -> Steps {
    let mut steps = fault.steps.clone();
    while let Some(node) = tree.at(&steps) {
        if is_about::<T>(fault, tree, &steps) {
            break;
        }
        let changes = |step: &usize| {
            let mut copy = tree.clone();
            copy.remove(&[steps.as_slice(), &[*step]].concat());
            from_node::<T>(&copy).err().as_ref() != Some(fault)
        };
        let is_kind = |step: &usize| node.entries().get(*step).is_some_and(|entry| entry.key == KIND);
        let suspects: Vec<usize> = (0..node.len()).filter(changes).collect();
        let suspect = suspects.iter().find(|step| !is_kind(step)).or(suspects.first());
        let Some(&suspect) = suspect else { break };
        steps.push(suspect);
    }
    steps
}

/// Returns whether an error is about a value itself, not about one in it: an empty one gives the same error.
fn is_about<T: DeserializeOwned>(fault: &Fault, tree: &Node, steps: &Steps) -> bool {
    let mut copy = tree.clone();
    let Some(node) = copy.at_mut(steps) else { return true };
    match (&mut node.value, &fault.kind) {
        (Value::Scalar(_), _) => return true,
        (Value::Sequence(items), FaultKind::Value(found)) if *found == length_words(items.len()) => {
            return true;
        }
        (Value::Sequence(items), _) => items.clear(),
        (Value::Mapping(entries), _) => entries.clear(),
    }
    from_node::<T>(&copy).err().as_ref() == Some(fault)
}

/// Tries values at a path, which must exist.
pub(super) fn accepted<T: DeserializeOwned>(tree: &Node, steps: &Steps) -> Accepted {
    let try_it = |probe: Probe| probe.fit::<T>(tree, steps);
    let accepts = |probe: Probe| try_it(probe) == Fit::Yes;
    let mut accepted = Accepted {
        integer: accepts(Probe::Integer(INTEGER)),
        number: accepts(Probe::Number),
        boolean: accepts(Probe::Boolean),
        text: accepts(Probe::Text),
        list: accepts(Probe::List(0)),
        mapping: accepts(Probe::Mapping),
        ..Accepted::default()
    };
    if let Fit::Names(names) = try_it(Probe::Text) {
        accepted.names = Some(names);
    }
    if try_it(Probe::List(0)) == Fit::OtherLength {
        accepted.length = (1..=MAX_LENGTH).find(|&length| accepts(Probe::List(length)));
        accepted.list = accepted.length.is_some();
    }
    if accepted.integer && !accepted.number {
        accepted.limits = limits(|value| accepts(Probe::Integer(value)));
    }
    accepted
}

/// Returns the smallest and the largest integer of a type; `None` for 64 bits with a sign.
fn limits(fits: impl Fn(i64) -> bool) -> Option<[i64; 2]> {
    let maxima = [
        i8::MAX.into(),
        u8::MAX.into(),
        i16::MAX.into(),
        u16::MAX.into(),
        i32::MAX.into(),
        i64::from(u32::MAX),
    ];
    let max = maxima.into_iter().find(|&max| fits(max) && !fits(max + 1)).unwrap_or(i64::MAX);
    if !fits(-1) {
        return Some([0, max]);
    }
    (max < i64::MAX).then_some([-max - 1, max])
}

/// Returns a value that is accepted at a path, to go on with. Tries them all.
pub(super) fn replacement<T: DeserializeOwned>(tree: &Node, steps: &Steps) -> Option<Node> {
    // Text first: the name of a variant may be given as its number, which nobody means.
    let simple = [Probe::Text, Probe::Integer(1), Probe::Number, Probe::Boolean, Probe::Mapping];
    let lists = (0..=MAX_LENGTH).map(Probe::List);
    simple.into_iter().chain(lists).find_map(|probe| match probe.fit::<T>(tree, steps) {
        Fit::Yes => Some(probe.node()),
        Fit::Names(&[name, ..]) => Some(repair(Node::plain(Span::default(), name))),
        _ => None,
    })
}

/// A value to try.
#[derive(Clone, Copy)]
enum Probe {
    Integer(i64),
    Number,
    Boolean,
    Text,
    /// A list of this many numbers.
    List(usize),
    Mapping,
}

/// Whether a value is accepted at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fit {
    Yes,
    No,
    /// Lists of a different length are accepted.
    OtherLength,
    /// These names are accepted.
    Names(&'static [&'static str]),
}

impl Probe {
    fn node(self) -> Node {
        let plain = |text: String| Node::plain(Span::default(), text);
        repair(match self {
            Self::Integer(value) => plain(value.to_string()),
            Self::Number => plain(NUMBER.to_string()),
            Self::Boolean => plain(true.to_string()),
            Self::Text => plain(TEXT.to_owned()),
            Self::List(length) => {
                let item = repair(plain(1.to_string()));
                Node::new(Span::default(), Value::Sequence(vec![item; length]))
            }
            Self::Mapping => Node::new(Span::default(), Value::Mapping(Vec::new())),
        })
    }

    /// Returns how serde describes the value.
    fn description(self) -> String {
        match self {
            Self::Integer(value) if value < 0 => Unexpected::Signed(value),
            Self::Integer(value) => Unexpected::Unsigned(value as u64),
            Self::Number => Unexpected::Float(NUMBER),
            Self::Boolean => Unexpected::Bool(true),
            Self::Text => Unexpected::Str(TEXT),
            Self::List(_) => Unexpected::Seq,
            Self::Mapping => Unexpected::Map,
        }
        .to_string()
    }

    /// Puts the value at a path, and reads the tree.
    fn fit<T: DeserializeOwned>(self, tree: &Node, steps: &Steps) -> Fit {
        let mut copy = tree.clone();
        let Some(node) = copy.at_mut(steps) else { return Fit::No };
        *node = self.node();
        let Err(fault) = from_node::<T>(&copy) else { return Fit::Yes };
        let may_be_here = steps.starts_with(&fault.steps);
        match (fault.kind, self) {
            (FaultKind::UnknownName { name, known }, _) if name == TEXT => Fit::Names(known),
            (FaultKind::Value(found), Self::List(length)) if may_be_here && found == length_words(length) => {
                Fit::OtherLength
            }
            (FaultKind::Value(found), _) if may_be_here && found == self.description() => Fit::No,
            (FaultKind::Value(_) | FaultKind::Custom(_), _) if fault.steps == *steps => Fit::No,
            _ => Fit::Yes,
        }
    }
}

fn repair(mut node: Node) -> Node {
    node.is_repair = true;
    node
}
