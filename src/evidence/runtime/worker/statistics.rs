//! Statistics of the values of variables, computed inside the session, a bounded piece at a time.
//!
//! The session casts a piece to 64-bit floats and reduces it to eight numbers; this file joins the
//! numbers of all pieces. A tensor as 64-bit floats as a whole would take up to eight times its memory.

use super::attributes;
use super::session::{Attr, GraphBuilder, Node, Refusal, Run, Session};
use crate::model::{DType, Stats};

/// Elements of a piece. As 64-bit floats, with the intermediate results of the session, they take
/// some 10 MB.
const PIECE: u64 = 1 << 18;

/// True for types whose values are numbers with an order: complex ones have none, and quantized
/// ones are numbers only together with their range, which a checkpoint does not store.
pub(super) fn can_take(dtype: DType) -> bool {
    dtype.is_floating() || dtype.is_integer() || dtype == DType::BOOL
}

/// True where the library lacks an op for this type that statistics need, although it can restore
/// the type (4-bit integers, for example).
pub(super) fn cannot_be_taken(refusal: &Refusal) -> bool {
    refusal.message.contains("census/statistics") && refusal.message.contains("OpKernel")
}

/// Counts and moments of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moments {
    /// How many are finite.
    finite: f64,
    /// Their mean.
    mean: f64,
    /// The sum of their squared distances from it.
    squares: f64,
    min: f64,
    max: f64,
    zeros: f64,
    nans: f64,
    infinities: f64,
}

impl Moments {
    const NONE: Moments = Moments {
        finite: 0.0,
        mean: 0.0,
        squares: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        zeros: 0.0,
        nans: 0.0,
        infinities: 0.0,
    };

    fn from_numbers(numbers: &[f64]) -> Option<Moments> {
        match *numbers {
            [finite, mean, squares, min, max, zeros, nans, infinities] => {
                Some(Moments { finite, mean, squares, min, max, zeros, nans, infinities })
            }
            _ => None,
        }
    }

    /// The moments of both sets of values together.
    ///
    /// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
    /// sample variances" (1979).
    fn join(self, other: Moments) -> Moments {
        let finite = self.finite + other.finite;
        let share = if finite > 0.0 { other.finite / finite } else { 0.0 };
        let distance = other.mean - self.mean;
        Moments {
            finite,
            mean: self.mean + distance * share,
            squares: self.squares + other.squares + distance * distance * self.finite * share,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            zeros: self.zeros + other.zeros,
            nans: self.nans + other.nans,
            infinities: self.infinities + other.infinities,
        }
    }

    /// The statistics. There is no mean, deviation, minimum or maximum where no value is finite, or
    /// where a sum exceeds the range of a 64-bit float. Counts are exact up to 2^53.
    fn stats(&self) -> Stats {
        let deviation = (self.squares / self.finite).sqrt();
        let numbers = [self.mean, deviation, self.min, self.max];
        let exist = self.finite > 0.0 && numbers.iter().all(|n| n.is_finite());
        let [mean, std_dev, min, max] = numbers.map(|number| exist.then_some(number));
        let [zeros, nans, infinities] = [self.zeros, self.nans, self.infinities].map(count);
        Stats { mean, std_dev, min, max, zeros, nans, infinities }
    }
}

/// A count that the session gave as a float.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and a sum of ones is a whole number that is not negative"
)]
fn count(float: f64) -> u64 {
    float as u64
}

/// The nodes that compute statistics, one set for each variable.
pub(super) struct Statistics {
    from: Node,
    len: Node,
    numbers: Vec<Node>,
}

impl Statistics {
    /// Adds the nodes for these variables, all of this type.
    pub fn new(
        graph: &mut GraphBuilder,
        dtype: DType,
        variables: &[Node],
    ) -> Result<Statistics, Refusal> {
        let mut builder = Builder { graph, dtype, next: 0 };
        let from = builder.text_input("from")?;
        let len = builder.text_input("len")?;
        let (from_number, len_number) = (builder.number(&from)?, builder.number(&len)?);
        let constants = Constants::new(&mut builder)?;
        let mut numbers = Vec::with_capacity(variables.len());
        for variable in variables {
            let piece = builder.piece(variable, &from_number, &len_number, &constants)?;
            numbers.push(builder.numbers(&piece, &constants)?);
        }
        Ok(Statistics { from, len, numbers })
    }

    /// Computes the statistics of variables of these shapes.
    pub fn take(&self, session: &Session, shapes: &[Vec<i64>]) -> Result<Vec<Stats>, Refusal> {
        let lens: Vec<u64> = shapes
            .iter()
            .map(|dims| dims.iter().fold(1u64, |n, d| n.saturating_mul(d.unsigned_abs())))
            .collect();
        let all = lens.iter().fold(0u64, |sum, len| sum.saturating_add(*len));
        if all <= PIECE {
            let moments = self.run(session, &self.numbers, 0, "-1".into())?;
            return Ok(moments.iter().map(Moments::stats).collect());
        }
        let mut stats = Vec::with_capacity(lens.len());
        for (numbers, len) in self.numbers.iter().zip(lens) {
            let mut joined = Moments::NONE;
            let mut from = 0;
            while from < len {
                let piece = PIECE.min(len - from);
                let run =
                    self.run(session, std::slice::from_ref(numbers), from, piece.to_string())?;
                joined = run.into_iter().fold(joined, Moments::join);
                from += piece;
            }
            stats.push(joined.stats());
        }
        Ok(stats)
    }

    /// One piece of each of these variables; a length of -1 means all elements from `from` on.
    fn run(
        &self,
        session: &Session,
        numbers: &[Node],
        from: u64,
        len: String,
    ) -> Result<Vec<Moments>, Refusal> {
        let run = Run {
            feeds: vec![(&self.from, vec![from.to_string()]), (&self.len, vec![len])],
            fetches: numbers.iter().collect(),
            targets: Vec::new(),
        };
        let vectors = session.run_for_floats(&run)?;
        Ok(vectors.iter().map(|v| Moments::from_numbers(v).unwrap_or(Moments::NONE)).collect())
    }
}

/// Constants that all variables' nodes share.
struct Constants {
    zero: Node,
    one: Node,
    infinity: Node,
    minus_infinity: Node,
    all: Node,
    axis: Node,
}

impl Constants {
    fn new(builder: &mut Builder<'_>) -> Result<Constants, Refusal> {
        Ok(Constants {
            zero: builder.float(0.0)?,
            one: builder.float(1.0)?,
            infinity: builder.float(f64::INFINITY)?,
            minus_infinity: builder.float(f64::NEG_INFINITY)?,
            all: builder.int32_vector(-1)?,
            axis: builder.int32_vector(0)?,
        })
    }
}

/// Adds nodes under numbered names.
struct Builder<'g> {
    graph: &'g mut GraphBuilder,
    dtype: DType,
    next: usize,
}

impl Builder<'_> {
    fn add(
        &mut self,
        op: &str,
        inputs: &[&Node],
        attrs: &[(&str, &[u8])],
    ) -> Result<Node, Refusal> {
        self.next += 1;
        let inputs: Vec<(&Node, i32)> = inputs.iter().map(|node| (*node, 0)).collect();
        let attrs: Vec<Attr<'_>> = attrs.iter().map(|(n, v)| Attr::Value(n, v)).collect();
        self.graph.add(op, &format!("census/statistics_{}", self.next), &inputs, &[], &attrs)
    }

    fn text_input(&mut self, name: &str) -> Result<Node, Refusal> {
        let dtype = attributes::type_attr(DType::STRING);
        let attrs = [Attr::Value("dtype", &dtype)];
        self.graph.add("Placeholder", &format!("census/{name}"), &[], &[], &attrs)
    }

    /// A number is fed as text, because [`Run`] feeds strings only.
    fn number(&mut self, text: &Node) -> Result<Node, Refusal> {
        let out_type = attributes::type_attr(DType::INT64);
        self.add("StringToNumber", &[text], &[("out_type", &out_type)])
    }

    fn constant(&mut self, dtype: DType, dims: &[u64], content: &[u8]) -> Result<Node, Refusal> {
        let value = attributes::tensor_attr(dtype, dims, content);
        let dtype = attributes::type_attr(dtype);
        self.add("Const", &[], &[("dtype", &dtype), ("value", &value)])
    }

    fn float(&mut self, value: f64) -> Result<Node, Refusal> {
        self.constant(DType::FLOAT64, &[], &value.to_ne_bytes())
    }

    fn int32_vector(&mut self, value: i32) -> Result<Node, Refusal> {
        self.constant(DType::INT32, &[1], &value.to_ne_bytes())
    }

    /// A piece of a variable's values, as a vector of 64-bit floats.
    fn piece(
        &mut self,
        variable: &Node,
        from: &Node,
        len: &Node,
        constants: &Constants,
    ) -> Result<Node, Refusal> {
        let dtype = attributes::type_attr(self.dtype);
        let float64 = attributes::type_attr(DType::FLOAT64);
        let int64 = attributes::type_attr(DType::INT64);
        let value = self.add("ReadVariableOp", &[variable], &[("dtype", &dtype)])?;
        let row = self.add("Reshape", &[&value, &constants.all], &[("T", &dtype)])?;
        let attrs: [(&str, &[u8]); 2] = [("T", &dtype), ("Index", &int64)];
        let part = self.add("Slice", &[&row, from, len], &attrs)?;
        self.add("Cast", &[&part], &[("SrcT", &dtype), ("DstT", &float64)])
    }

    /// The eight numbers of a piece, in the order of [`Moments`].
    fn numbers(&mut self, piece: &Node, constants: &Constants) -> Result<Node, Refusal> {
        let float64 = attributes::type_attr(DType::FLOAT64);
        let t: &[(&str, &[u8])] = &[("T", &float64)];
        let is_finite = self.add("IsFinite", &[piece], t)?;
        let finite = self.count(&is_finite, constants)?;
        let values = self.add("SelectV2", &[&is_finite, piece, &constants.zero], t)?;
        let sum = self.reduce("Sum", &values, constants)?;
        let divisor = self.add("Maximum", &[&finite, &constants.one], t)?;
        let mean = self.add("RealDiv", &[&sum, &divisor], t)?;
        let distances = self.add("Sub", &[piece, &mean], t)?;
        let distances = self.add("SelectV2", &[&is_finite, &distances, &constants.zero], t)?;
        let squared = self.add("Square", &[&distances], t)?;
        let squares = self.reduce("Sum", &squared, constants)?;
        let values = self.add("SelectV2", &[&is_finite, piece, &constants.infinity], t)?;
        let min = self.reduce("Min", &values, constants)?;
        let values = self.add("SelectV2", &[&is_finite, piece, &constants.minus_infinity], t)?;
        let max = self.reduce("Max", &values, constants)?;
        let is_zero = self.add("Equal", &[piece, &constants.zero], t)?;
        let zeros = self.count(&is_zero, constants)?;
        let is_nan = self.add("IsNan", &[piece], t)?;
        let nans = self.count(&is_nan, constants)?;
        let is_infinite = self.add("IsInf", &[piece], t)?;
        let infinities = self.count(&is_infinite, constants)?;
        self.pack(&[&finite, &mean, &squares, &min, &max, &zeros, &nans, &infinities])
    }

    fn count(&mut self, truths: &Node, constants: &Constants) -> Result<Node, Refusal> {
        let (from, to) =
            (attributes::type_attr(DType::BOOL), attributes::type_attr(DType::FLOAT64));
        let ones = self.add("Cast", &[truths], &[("SrcT", &from), ("DstT", &to)])?;
        self.reduce("Sum", &ones, constants)
    }

    fn reduce(&mut self, op: &str, row: &Node, constants: &Constants) -> Result<Node, Refusal> {
        let float64 = attributes::type_attr(DType::FLOAT64);
        let int32 = attributes::type_attr(DType::INT32);
        self.add(op, &[row, &constants.axis], &[("T", &float64), ("Tidx", &int32)])
    }

    fn pack(&mut self, numbers: &[&Node]) -> Result<Node, Refusal> {
        self.next += 1;
        let float64 = attributes::type_attr(DType::FLOAT64);
        let count = attributes::int_attr(numbers.len() as u64);
        let attrs = [Attr::Value("T", &float64), Attr::Value("N", &count)];
        self.graph.add_list("Pack", &format!("census/statistics_{}", self.next), numbers, &attrs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition.
    fn of(values: &[f64]) -> Moments {
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let count = finite.len() as f64;
        let mean = if finite.is_empty() { 0.0 } else { finite.iter().sum::<f64>() / count };
        Moments {
            finite: count,
            mean,
            squares: finite.iter().map(|v| (v - mean) * (v - mean)).sum(),
            min: finite.iter().copied().fold(f64::INFINITY, f64::min),
            max: finite.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            zeros: values.iter().filter(|v| **v == 0.0).count() as f64,
            nans: values.iter().filter(|v| v.is_nan()).count() as f64,
            infinities: values.iter().filter(|v| v.is_infinite()).count() as f64,
        }
    }

    #[test]
    fn joined_pieces_equal_the_whole() {
        let (first, second) = ([1.0, 2.0, f64::NAN, 0.0], [f64::INFINITY, 9.0]);
        let joined = of(&first).join(of(&second));
        // 1, 2, 0, 9: mean 3, squared distances 4 + 1 + 9 + 36.
        let stats = joined.stats();
        assert_eq!((stats.mean, stats.std_dev), (Some(3.0), Some(12.5f64.sqrt())));
        assert_eq!((stats.min, stats.max), (Some(0.0), Some(9.0)));
        assert_eq!((stats.zeros, stats.nans, stats.infinities), (1, 1, 1));
        assert_eq!(Moments::NONE.join(of(&first)), of(&first));
        assert_eq!(of(&first).join(Moments::NONE), of(&first));
    }

    #[test]
    fn without_finite_values_there_is_no_mean() {
        assert_eq!(Moments::NONE.stats().mean, None);
        assert_eq!(of(&[f64::NAN]).stats().mean, None);
        let beyond = Moments { squares: f64::INFINITY, ..of(&[1.0]) };
        assert_eq!(beyond.stats().mean, None);
    }
}
