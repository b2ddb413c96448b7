//! What arrives at a node, as sums of linear maps of what neurons send: chains of matrices, scales and delays multiplied out.

use crate::nodes::Affine;

/// Maximum number of elements of a matrix: half of what a whole network may have.
pub(super) const MAX_ELEMENTS: usize = 1 << 27;
/// Maximum number of multiplications of a product of matrices.
const MAX_WORK: usize = 1 << 36;

/// A linear map, `[outputs, inputs]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Map {
    Identity,
    /// A factor for each line.
    Diagonal(Vec<f64>),
    Dense(Matrix),
}

/// A matrix in row-major order; rows are outputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
}

/// A linear map of the sum of some sources, all delayed by the same number of steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// Indices of nodes: neurons, or the input.
    pub(super) sources: Vec<usize>,
    pub(super) delay: u32,
    pub(super) map: Map,
    /// Indices of the nodes that the map is made of, in the order of the data.
    pub(super) through: Vec<usize>,
}

/// A sum of terms, and constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Value {
    pub(super) terms: Vec<Term>,
    /// One constant per line; empty for none.
    pub(super) constant: Vec<f64>,
}

/// A product with too many elements, or too much work.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Value {
    /// Returns what a source sends.
    pub(super) fn of_source(node: usize) -> Self {
        let term = Term { sources: vec![node], delay: 0, map: Map::Identity, through: Vec::new() };
        Self { terms: vec![term], constant: Vec::new() }
    }

    /// Adds another value. Sources that arrive unchanged are joined to one term, which a matrix after it keeps as one.
    pub(super) fn add(&mut self, other: &Self) -> Result<(), TooLarge> {
        for term in &other.terms {
            self.add_term(term)?;
        }
        if self.constant.is_empty() {
            self.constant.clone_from(&other.constant);
        } else {
            for (sum, constant) in self.constant.iter_mut().zip(&other.constant) {
                *sum += constant;
            }
        }
        Ok(())
    }

    fn add_term(&mut self, term: &Term) -> Result<(), TooLarge> {
        if let Some(same) = self.terms.iter_mut().find(|t| t.sources == term.sources && t.delay == term.delay)
        {
            same.map = same.map.plus(&term.map)?;
            same.through.extend(&term.through);
            return Ok(());
        }
        let joins = |t: &&mut Term| {
            t.map == term.map && t.delay == term.delay && !t.sources.iter().any(|s| term.sources.contains(s))
        };
        // Only identities: to compare matrices would cost more than it gains.
        match self.terms.iter_mut().filter(|_| term.map == Map::Identity).find(joins) {
            Some(same) => same.sources.extend(&term.sources),
            None => self.terms.push(term.clone()),
        }
        Ok(())
    }

    /// Returns the value after the matrix of node `node`.
    pub(super) fn affine(&self, affine: &Affine, node: usize) -> Result<Self, TooLarge> {
        let matrix = Matrix { rows: affine.outputs, columns: affine.inputs, values: affine.weight.clone() };
        let mut constant =
            if self.constant.is_empty() { Vec::new() } else { matrix.times_vector(&self.constant) };
        if let Some(bias) = &affine.bias {
            constant.resize(affine.outputs, 0.0);
            constant.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
        }
        let mut value = Self { terms: Vec::new(), constant };
        for term in &self.terms {
            let through = term.through.iter().copied().chain([node]).collect();
            value.add_term(&Term {
                map: term.map.then(&matrix)?,
                through,
                sources: term.sources.clone(),
                ..*term
            })?;
        }
        Ok(value)
    }

    /// Returns the value with each line times its factor, as node `node` has it.
    pub(super) fn scale(&self, factors: &[f64], node: usize) -> Self {
        let at = |i: usize| if factors.len() == 1 { factors[0] } else { factors[i] };
        let mut value = self.clone();
        value.constant.iter_mut().enumerate().for_each(|(i, constant)| *constant *= at(i));
        for term in &mut value.terms {
            term.map.scale_rows(at, factors.len());
            term.through.push(node);
        }
        value
    }

    /// Returns the number of elements of all maps.
    pub(super) fn elements(&self) -> usize {
        let of_map = |term: &Term| match &term.map {
            Map::Identity => 1,
            Map::Diagonal(factors) => factors.len(),
            Map::Dense(matrix) => matrix.values.len(),
        };
        self.terms.iter().map(of_map).sum::<usize>() + self.constant.len()
    }

    /// Returns the value some steps later. Constants would start late, which a caller has to exclude.
    pub(super) fn delay(&self, steps: u32) -> Self {
        let mut value = self.clone();
        for term in &mut value.terms {
            term.delay = term.delay.saturating_add(steps);
        }
        value
    }
}

impl Map {
    /// Returns the dense matrix of a map of `width` lines.
    pub(super) fn dense(&self, width: usize) -> Result<Matrix, TooLarge> {
        let diagonal = |at: &dyn Fn(usize) -> f64| {
            let len = width.checked_mul(width).filter(|&len| len <= MAX_ELEMENTS).ok_or(TooLarge)?;
            let mut values = vec![0.0; len];
            (0..width).for_each(|i| values[i * width + i] = at(i));
            Ok(Matrix { rows: width, columns: width, values })
        };
        match self {
            Self::Identity => diagonal(&|_| 1.0),
            Self::Diagonal(factors) if factors.len() == 1 => diagonal(&|_| factors[0]),
            Self::Diagonal(factors) => diagonal(&|i| factors[i]),
            Self::Dense(matrix) => Ok(matrix.clone()),
        }
    }

    /// Multiplies row `i` by `factor(i)`, of which there are `len`, or one for all.
    pub(super) fn scale_rows(&mut self, factor: impl Fn(usize) -> f64, len: usize) {
        match self {
            Self::Identity => *self = Self::Diagonal((0..len).map(factor).collect()),
            Self::Diagonal(factors) if factors.len() == 1 => {
                let common = factors[0];
                *factors = (0..len).map(|i| common * factor(i)).collect();
            }
            Self::Diagonal(factors) => factors.iter_mut().enumerate().for_each(|(i, x)| *x *= factor(i)),
            Self::Dense(matrix) => {
                let columns = matrix.columns.max(1);
                matrix.values.chunks_mut(columns).enumerate().for_each(|(i, row)| {
                    row.iter_mut().for_each(|x| *x *= factor(i));
                });
            }
        }
    }

    fn plus(&self, other: &Self) -> Result<Self, TooLarge> {
        Ok(match (self, other) {
            (Self::Dense(a), Self::Dense(b)) => Self::Dense(a.plus(b)),
            (Self::Dense(dense), sparse) | (sparse, Self::Dense(dense)) => {
                Self::Dense(sparse.dense(dense.rows)?.plus(dense))
            }
            (a, b) => {
                let factors = |map: &Self| match map {
                    Self::Diagonal(factors) => factors.clone(),
                    Self::Identity | Self::Dense(_) => vec![1.0],
                };
                let (a, b) = (factors(a), factors(b));
                let at = |list: &[f64], i: usize| if list.len() == 1 { list[0] } else { list[i] };
                Self::Diagonal((0..a.len().max(b.len())).map(|i| at(&a, i) + at(&b, i)).collect())
            }
        })
    }

    /// Returns this map followed by a matrix.
    fn then(&self, matrix: &Matrix) -> Result<Self, TooLarge> {
        Ok(Self::Dense(match self {
            Self::Identity => matrix.clone(),
            Self::Diagonal(factors) => {
                let mut scaled = matrix.clone();
                let at = |i: usize| if factors.len() == 1 { factors[0] } else { factors[i] };
                scaled.values.chunks_mut(matrix.columns.max(1)).for_each(|row| {
                    row.iter_mut().enumerate().for_each(|(i, x)| *x *= at(i));
                });
                scaled
            }
            Self::Dense(first) => matrix.times(first)?,
        }))
    }
}

impl Matrix {
    fn plus(&self, other: &Self) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a + b).collect();
        Self { values, ..*self }
    }

    fn times(&self, other: &Self) -> Result<Self, TooLarge> {
        let (rows, inner, columns) = (self.rows, self.columns, other.columns);
        let elements = rows.checked_mul(columns).filter(|&len| len <= MAX_ELEMENTS).ok_or(TooLarge)?;
        elements.checked_mul(inner).filter(|&work| work <= MAX_WORK).ok_or(TooLarge)?;
        let mut values = vec![0.0; elements];
        if columns > 0 && inner > 0 {
            for (sums, row) in values.chunks_mut(columns).zip(self.values.chunks(inner)) {
                for (factor, terms) in
                    row.iter().zip(other.values.chunks(columns)).filter(|(factor, _)| **factor != 0.0)
                {
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += factor * term);
                }
            }
        }
        Ok(Self { rows, columns, values })
    }

    fn times_vector(&self, vector: &[f64]) -> Vec<f64> {
        let product = |row: &[f64]| row.iter().zip(vector).map(|(a, b)| a * b).sum();
        self.values.chunks(self.columns.max(1)).map(product).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affine(rows: usize, values: &[f64], bias: Option<Vec<f64>>) -> Affine {
        Affine { inputs: values.len() / rows, outputs: rows, weight: values.to_vec(), bias }
    }

    #[test]
    fn chains_of_matrices_multiply_out() {
        let mut sum = Value::of_source(0);
        sum.add(&Value::of_source(1)).unwrap();
        let first = affine(2, &[1.0, 2.0, 3.0, 4.0], Some(vec![1.0, 0.0]));
        let second = affine(1, &[1.0, -1.0], Some(vec![0.5]));
        let value = sum.affine(&first, 7).unwrap().scale(&[2.0], 8).affine(&second, 9).unwrap();
        // One term, because both sources pass through the same matrices.
        let [term] = &value.terms[..] else { panic!("{value:?}") };
        assert_eq!((&term.sources[..], &term.through[..]), (&[0, 1][..], &[7, 8, 9][..]));
        assert_eq!(term.map, Map::Dense(Matrix { rows: 1, columns: 2, values: vec![-4.0, -4.0] }));
        assert_eq!(value.constant, [2.5]);
    }

    #[test]
    fn parallel_paths_add_up_and_delays_stay_apart() {
        let source = Value::of_source(3);
        let mut sum = source.affine(&affine(1, &[2.0], None), 7).unwrap();
        sum.add(&source.scale(&[0.5], 8)).unwrap();
        sum.add(&source.delay(2)).unwrap();
        let maps: Vec<_> =
            sum.terms.iter().map(|term| (term.delay, term.map.dense(1).unwrap().values)).collect();
        assert_eq!(maps, [(0, vec![2.5]), (2, vec![1.0])]);
    }

    #[test]
    fn products_without_end_are_refused() {
        let wide = affine(1, &[1.0; 20000], None);
        let tall = affine(20000, &[1.0; 20000], None); // [20000, 1]
        let tall = Value::of_source(0).affine(&wide, 1).unwrap().affine(&tall, 2);
        assert!(tall.is_err());
    }
}
