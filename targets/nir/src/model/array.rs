//! Arrays of the number types that NIR files contain.

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each axis, the slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Values, as many as the product of `shape`.
    pub values: Values,
}

/// The values of an [`Array`] in their type on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 32-bit floating-point numbers.
    F32(Vec<f32>),
    /// 64-bit floating-point numbers.
    F64(Vec<f64>),
    /// Integers and Booleans.
    I64(Vec<i64>),
}

impl Array {
    /// Creates an array of 32-bit numbers.
    ///
    /// # Panics
    /// Panics if the product of `shape` is not the number of values.
    pub fn f32(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        Self::new(shape.into(), Values::F32(values))
    }

    /// Creates an array of 64-bit numbers.
    ///
    /// # Panics
    /// Panics if the product of `shape` is not the number of values.
    pub fn f64(shape: impl Into<Vec<usize>>, values: Vec<f64>) -> Self {
        Self::new(shape.into(), Values::F64(values))
    }

    /// Creates a one-dimensional array of 64-bit numbers.
    pub fn vector(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        Self::f64([values.len()], values)
    }

    /// Creates an array of integers.
    ///
    /// # Panics
    /// Panics if the product of `shape` is not the number of values.
    pub fn i64(shape: impl Into<Vec<usize>>, values: Vec<i64>) -> Self {
        Self::new(shape.into(), Values::I64(values))
    }

    fn new(shape: Vec<usize>, values: Values) -> Self {
        let array = Self { shape, values };
        assert_eq!(
            array.shape.iter().product::<usize>(),
            array.len(),
            "an array has as many values as its shape says"
        );
        array
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
            Values::I64(values) => values.len(),
        }
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns value `i` in row-major order.
    ///
    /// # Panics
    /// Panics if `i` is not less than the number of values.
    pub fn get(&self, i: usize) -> f64 {
        match &self.values {
            Values::F32(values) => f64::from(values[i]),
            Values::F64(values) => values[i],
            Values::I64(values) => values[i] as f64,
        }
    }

    /// Returns the values in row-major order.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map(|i| self.get(i))
    }
}
