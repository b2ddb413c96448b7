//! `Flatten`: several axes become one. Layers here have one axis, so values pass unchanged, in row-major order.

use super::{Fields, Port};

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Port> {
    fields.optional("start_dim");
    fields.optional("end_dim");
    Some(Port { shape: Vec::new() })
}
