//! Statistics of a variable's values.

use serde::Serialize;

/// Statistics of the values of one variable, or of one part of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Mean of the finite values; `None` where there are none.
    pub mean: Option<f64>,
    /// Standard deviation (of the population) of the finite values.
    pub std_dev: Option<f64>,
    /// Smallest finite value.
    pub min: Option<f64>,
    /// Largest finite value.
    pub max: Option<f64>,
    /// How many values are zero.
    pub zeros: u64,
    /// How many are NaN.
    pub nans: u64,
    /// How many are infinite.
    pub infinities: u64,
}

impl Stats {
    /// The statistics of two parts taken together; `elements` are the sizes of the parts.
    pub fn join(self, other: Stats, elements: (u64, u64)) -> Stats {
        let finite =
            |s: &Stats, n: u64| n.saturating_sub(s.nans).saturating_sub(s.infinities) as f64;
        let (a, b) = (finite(&self, elements.0), finite(&other, elements.1));
        let (mean, std_dev) = match (self.mean.zip(self.std_dev), other.mean.zip(other.std_dev)) {
            (Some((mean_a, std_a)), Some((mean_b, std_b))) if a + b > 0.0 => {
                let mean = (mean_a * a + mean_b * b) / (a + b);
                let spread = |m: f64, s: f64, n: f64| (s * s + (m - mean) * (m - mean)) * n;
                let variance = (spread(mean_a, std_a, a) + spread(mean_b, std_b, b)) / (a + b);
                (Some(mean), Some(variance.sqrt()))
            }
            (Some((mean, std)), _) | (None, Some((mean, std))) => (Some(mean), Some(std)),
            (None, None) => (None, None),
        };
        let pick = |a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(choose(a, b)),
            (a, b) => a.or(b),
        };
        Stats {
            mean,
            std_dev,
            min: pick(self.min, other.min, f64::min),
            max: pick(self.max, other.max, f64::max),
            zeros: self.zeros.saturating_add(other.zeros),
            nans: self.nans.saturating_add(other.nans),
            infinities: self.infinities.saturating_add(other.infinities),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(values: &[f64]) -> Stats {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        Stats {
            mean: Some(mean),
            std_dev: Some(variance.sqrt()),
            min: values.iter().copied().reduce(f64::min),
            max: values.iter().copied().reduce(f64::max),
            zeros: values.iter().filter(|v| **v == 0.0).count() as u64,
            nans: 0,
            infinities: 0,
        }
    }

    #[test]
    fn two_parts_give_what_the_whole_gives() {
        let (a, b) = ([1.0, 2.0, 0.0, -4.0], [10.0, 0.0]);
        let whole = stats(&[1.0, 2.0, 0.0, -4.0, 10.0, 0.0]);
        let joined = stats(&a).join(stats(&b), (4, 2));
        assert!((joined.mean.unwrap() - whole.mean.unwrap()).abs() < 1e-12);
        assert!((joined.std_dev.unwrap() - whole.std_dev.unwrap()).abs() < 1e-12);
        assert_eq!((joined.min, joined.max, joined.zeros), (whole.min, whole.max, whole.zeros));
    }

    #[test]
    fn a_part_without_finite_values_adds_its_counts_only() {
        let empty = Stats {
            mean: None,
            std_dev: None,
            min: None,
            max: None,
            zeros: 0,
            nans: 3,
            infinities: 1,
        };
        let joined = stats(&[2.0, 4.0]).join(empty, (2, 4));
        assert_eq!((joined.mean, joined.nans, joined.infinities), (Some(3.0), 3, 1));
    }
}
