//! Reading the fields of a node: presence, type, finiteness, range and length.

use synnet_ir::display::format_exact;

use crate::codes;
use crate::model::{Array, Field, Node};
use crate::report::{Report, listed};

/// Fields that the `nir` package adds to nodes and that repeat what follows from the others.
const REDUNDANT: [&str; 3] = ["input_type", "output_type", "input_shape"];

/// The fields of one node, with the place for errors about them.
pub(crate) struct Fields<'a> {
    /// Hierarchical name of the node.
    pub(crate) name: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) report: &'a mut Report,
    used: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(name: &'a str, node: &'a Node, report: &'a mut Report) -> Self {
        Self { name, node, report, used: Vec::new() }
    }

    /// Returns the numbers of a field that must be there.
    pub(crate) fn required(&mut self, field: &'static str) -> Option<&'a Array> {
        let found = self.optional(field);
        if found.is_none() && !self.node.fields.contains_key(field) {
            let has: Vec<&str> = self.node.fields.keys().map(String::as_str).collect();
            let has =
                if has.is_empty() { "it has none".to_owned() } else { format!("it has {}", listed(has)) };
            let message = format!("node `{}` ({}) has no field `{field}`", self.name, self.node.kind);
            self.report.error(&codes::NODE_FIELD, message, format!("write the field; {has}"));
        }
        found
    }

    /// Returns the numbers of a field, all of them finite; `None` if it is absent or wrong.
    pub(crate) fn optional(&mut self, field: &'static str) -> Option<&'a Array> {
        self.used.push(field);
        match self.node.fields.get(field)? {
            Field::Text(_) => {
                self.wrong(field, "holds text instead of numbers", "write numbers");
                None
            }
            Field::Array(array) if array.is_empty() => {
                self.wrong(field, "has no values", "write at least one number");
                None
            }
            Field::Array(array) => match array.iter().position(|x| !(x as f32).is_finite()) {
                Some(i) => {
                    let value = format_exact(array.get(i));
                    self.wrong(
                        field,
                        &format!("holds {value} at element {i}"),
                        "write finite numbers within the range of 32 bits",
                    );
                    None
                }
                None => Some(array),
            },
        }
    }

    /// Returns a field of one value, or one per neuron, all of which `allows` accepts.
    pub(crate) fn per_neuron(
        &mut self,
        field: &'static str,
        allows: fn(f64) -> bool,
        rule: &str,
    ) -> Option<Vec<f64>> {
        let array = self.required(field)?;
        self.checked(field, array, allows, rule)
    }

    /// Like [`per_neuron`](Self::per_neuron), for a field that may be absent: the outer `None` is an error.
    pub(crate) fn optional_per_neuron(&mut self, field: &'static str) -> Option<Option<Vec<f64>>> {
        if !self.node.fields.contains_key(field) {
            self.used.push(field);
            return Some(None);
        }
        let array = self.optional(field)?;
        self.checked(field, array, |_| true, "").map(Some)
    }

    fn checked(
        &mut self,
        field: &'static str,
        array: &Array,
        allows: fn(f64) -> bool,
        rule: &str,
    ) -> Option<Vec<f64>> {
        if let Some(value) = array.iter().find(|&value| !allows(value)) {
            self.wrong(field, &format!("holds {}", format_exact(value)), rule);
            return None;
        }
        Some(array.iter().collect())
    }

    /// Checks that all lists have one value, or the same number of values.
    pub(crate) fn same_length(&mut self, lists: &[(&'static str, usize)]) -> Option<()> {
        let longest = lists.iter().max_by_key(|(_, len)| *len)?;
        let Some((field, len)) = lists.iter().find(|(_, len)| *len != 1 && *len != longest.1) else {
            return Some(());
        };
        let message = format!("has {len} values, but `{}` has {}", longest.0, longest.1);
        self.wrong(field, &message, "write one value per neuron in every field");
        None
    }

    pub(crate) fn wrong(&mut self, field: &str, what: &str, help: &str) {
        let message = format!("field `{field}` of node `{}` ({}) {what}", self.name, self.node.kind);
        self.report.error(&codes::NODE_FIELD, message, help);
    }

    /// Warns about fields that nobody asked for.
    pub(crate) fn report_unused(self) {
        let unused: Vec<&str> = self
            .node
            .fields
            .keys()
            .map(String::as_str)
            .filter(|name| !self.used.contains(name) && !REDUNDANT.contains(name))
            .collect();
        if !unused.is_empty() {
            let message = format!(
                "node `{}` ({}) has fields that the format does not define: {}",
                self.name,
                self.node.kind,
                listed(unused)
            );
            self.report.warning(&codes::IGNORED, message, "they are left out; check that they do not matter");
        }
    }
}
