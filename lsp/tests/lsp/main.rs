//! Tests of the workspace: answers at a cursor, and edits.

mod edits;
mod features;
mod support;
