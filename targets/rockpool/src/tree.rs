//! The tree of modules, with parameters as numbers.

use serde_json::{Map, Value};
use synnet_ir::{Code, Diagnostic, Diagnostics, Span};

use crate::codes;

/// Maximum depth of modules within modules.
const MAX_DEPTH: usize = 16;

/// A module: parameters by name, and modules by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Module {
    pub(crate) parameters: Vec<(String, Value)>,
    pub(crate) modules: Vec<(String, Module)>,
}

/// Parses a file.
pub(crate) fn parse(text: &str) -> Result<Module, Diagnostics> {
    let refuse = |why: String| {
        let error = Diagnostic::error_without_span(&codes::FORMAT, why);
        Diagnostics::from(error.with_help("save the network again with `net.save`"))
    };
    let value: Value =
        serde_json::from_str(text).map_err(|why| refuse(format!("the file is not JSON: {why}")))?;
    match value {
        Value::Object(entries) => module(entries, "", 0).map_err(refuse),
        _ => Err(refuse("the file holds no modules".to_owned())),
    }
}

fn module(entries: Map<String, Value>, path: &str, depth: usize) -> Result<Module, String> {
    if depth > MAX_DEPTH {
        return Err(format!("module `{path}` lies within more than {MAX_DEPTH} modules"));
    }
    let mut module = Module::default();
    for (name, value) in entries {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(inner) => module.modules.push((name, self::module(inner, &at, depth + 1)?)),
            // Functions are saved as null.
            Value::Null => {}
            Value::String(text) => {
                let value =
                    serde_json::from_str(&text).map_err(|why| format!("`{at}` is not JSON: {why}"))?;
                module.parameters.push((name, value));
            }
            _ => return Err(format!("`{at}` is no text")),
        }
    }
    Ok(module)
}

/// Numbers of a parameter in row-major order, with their shape; empty for a single number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

impl Numbers {
    /// Reads nested lists of numbers of equal lengths.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => {
                let number = number.as_f64().filter(|x| (*x as f32).is_finite())?;
                Some(Self { shape: Vec::new(), values: vec![number] })
            }
            Value::Array(items) => {
                let mut shape: Option<Vec<usize>> = None;
                let mut values = Vec::new();
                for item in items {
                    let inner = Self::of(item)?;
                    if shape.get_or_insert_with(|| inner.shape.clone()) != &inner.shape {
                        return None;
                    }
                    values.extend(inner.values);
                }
                let mut shape = shape?;
                shape.insert(0, items.len());
                Some(Self { shape, values })
            }
            _ => None,
        }
    }
}

impl Module {
    /// Returns the module of a name within this one.
    pub(crate) fn module(&self, name: &str) -> Option<&Self> {
        self.modules.iter().find(|(other, _)| other == name).map(|(_, module)| module)
    }

    /// Returns a parameter, if it is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.parameters
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }
}

/// Returns a warning about what a file does not state.
pub(crate) fn warning(message: String, help: &str) -> Diagnostic {
    without_place(&codes::ASSUMED, message, help)
}

/// Returns a warning about a module that is left out.
pub(crate) fn left_out(message: String, help: &str) -> Diagnostic {
    without_place(&codes::LEFT_OUT, message, help)
}

fn without_place(code: &'static Code, message: String, help: &str) -> Diagnostic {
    let warning = Diagnostic { span: None, ..Diagnostic::warning(code, Span::default(), message) };
    warning.with_help(help)
}
