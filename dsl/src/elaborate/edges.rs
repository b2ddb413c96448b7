//! What the connections of a network have in common. A loop makes a million of them from one statement, and two from the
//! same names: each keeps handles of what is stored once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use synnet_ir::Span;
use synnet_ir::graph::{LayerId, Linear, Operator};

use super::chain::{EndpointName, LinearOptions};

/// Handle of a name of [`Edges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NameId(u32);

/// One connection of a chain, before its ends are looked up.
#[derive(Debug)]
pub(crate) struct UnresolvedConnection {
    pub(crate) sources: SourceNames,
    pub(crate) target: NameId,
    pub(crate) delay: u32,
    pub(crate) dropout: f64,
    pub(crate) linear: Option<Rc<LinearOptions>>,
    pub(crate) place: Rc<EdgePlace>,
}

/// The sources of a connection: usually one.
#[derive(Debug)]
pub(crate) enum SourceNames {
    One(NameId),
    Sum(Box<[NameId]>),
}

impl SourceNames {
    pub(crate) fn as_slice(&self) -> &[NameId] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Sum(names) => names,
        }
    }
}

/// An edge of a chain in the source.
#[derive(Debug)]
pub(crate) struct EdgePlace {
    pub(crate) sources: Vec<EndPlace>,
    pub(crate) target: EndPlace,
    /// The first operator between the ends.
    pub(crate) operator: Option<Span>,
    pub(crate) docs: Arc<[String]>,
    pub(crate) span: Span,
    /// The options and the matrix of the last connection that was made here.
    pub(crate) last: RefCell<LastConnection>,
}

/// What the connections that were made at a place share, unless their options differ.
#[derive(Debug, Default)]
pub(crate) struct LastConnection {
    options: Option<Rc<LinearOptions>>,
    linear: Option<(MatrixKey, Arc<Linear>)>,
}

/// An end of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EndPlace {
    pub(crate) span: Span,
    /// Whether a value of that name is visible. Layers are looked up at the end of the network, values are not.
    pub(crate) is_value: bool,
}

/// The names and repeated places of the connections of a network.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    ids: HashMap<Rc<str>, NameId>,
    names: Vec<Rc<str>>,
    places: HashMap<Span, Rc<EdgePlace>>,
}

/// What decides the initial values of a matrix.
#[derive(Clone, Debug)]
pub(crate) struct MatrixKey {
    pub(crate) options: Rc<LinearOptions>,
    pub(crate) sources: usize,
    pub(crate) target: LayerId,
}

impl Edges {
    /// Makes room for about as many names.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.ids.reserve(count);
        self.names.reserve(count);
    }

    /// Returns the handle of a name.
    pub(crate) fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId(self.names.len() as u32);
        let name: Rc<str> = name.into();
        self.names.push(Rc::clone(&name));
        self.ids.insert(name, id);
        id
    }

    /// Returns all names, in the order of their handles.
    pub(crate) fn names(&self) -> &[Rc<str>] {
        &self.names
    }

    /// Returns an end with its name, for messages.
    pub(crate) fn end(&self, id: NameId, place: EndPlace) -> EndpointName {
        let name = self.names[id.index()].as_ref().to_owned();
        EndpointName { name, span: place.span, is_value: place.is_value }
    }

    /// Returns the place of an edge, shared with the connections that it made before if it is `repeated`: it stands in
    /// a block. Its comment is `docs`.
    pub(crate) fn place(&mut self, place: EdgePlace, docs: &[String], repeated: bool) -> Rc<EdgePlace> {
        let known = if repeated { self.places.get(&place.span) } else { None };
        if let Some(known) = known
            && (&known.sources, known.target, known.operator)
                == (&place.sources, place.target, place.operator)
        {
            return Rc::clone(known);
        }
        let docs = if docs.is_empty() { place.docs } else { docs.into() };
        let place = Rc::new(EdgePlace { docs, ..place });
        if repeated {
            self.places.insert(place.span, Rc::clone(&place));
        }
        place
    }
}

impl EdgePlace {
    /// Returns options, shared with the last connection of the edge if they are equal.
    pub(crate) fn options(&self, options: LinearOptions) -> (Rc<LinearOptions>, bool) {
        let mut last = self.last.borrow_mut();
        if let Some(known) = last.options.as_ref().filter(|known| ***known == options) {
            return (Rc::clone(known), true);
        }
        let options = Rc::new(options);
        last.options = Some(Rc::clone(&options));
        (options, false)
    }

    /// Returns the matrix of the last connection of the edge, if the new one has the same key.
    pub(crate) fn same_matrix(&self, key: &MatrixKey) -> Option<Operator> {
        let last = self.last.borrow();
        let (known, linear) = last.linear.as_ref()?;
        let is_same = Rc::ptr_eq(&known.options, &key.options)
            && (known.sources, known.target) == (key.sources, key.target);
        is_same.then(|| Operator::Linear(Arc::clone(linear)))
    }

    /// Returns a matrix, shared with the last connection of the edge if they are equal.
    pub(crate) fn matrix(&self, key: MatrixKey, linear: Linear) -> (Operator, bool) {
        let mut last = self.last.borrow_mut();
        if let Some((_, known)) = last.linear.as_ref().filter(|(_, known)| **known == linear) {
            return (Operator::Linear(Arc::clone(known)), true);
        }
        let linear = Arc::new(linear);
        last.linear = Some((key, Arc::clone(&linear)));
        (Operator::Linear(linear), false)
    }
}

impl NameId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
