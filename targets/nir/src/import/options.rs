//! Options of the import.

use synnet_ir::graph::Reset;

use crate::dialect::Dialect;

/// What a file does not say. By default, all of it is recognized by the relations between the numbers of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Time step in seconds.
    pub dt: Option<f64>,
    /// The tool by whose rules the file is read.
    pub dialect: Option<Dialect>,
    /// What a spike leaves of the membrane potential.
    pub reset: Option<Reset>,
}

impl ImportOptions {
    /// Returns the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time step, in seconds.
    #[must_use]
    pub fn with_dt(mut self, dt: impl Into<Option<f64>>) -> Self {
        self.dt = dt.into();
        self
    }

    /// Sets the dialect.
    #[must_use]
    pub fn with_dialect(mut self, dialect: impl Into<Option<Dialect>>) -> Self {
        self.dialect = dialect.into();
        self
    }

    /// Sets the reset of all neurons.
    #[must_use]
    pub fn with_reset(mut self, reset: impl Into<Option<Reset>>) -> Self {
        self.reset = reset.into();
        self
    }
}
