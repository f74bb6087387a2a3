//! How the protocol writes the model's own types: a type as its number, a shape as a list of
//! numbers, statistics as two lists. The report has other forms for people, which `render` writes.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{DType, Sandbox, Shape, Stats};

pub(super) mod dtype {
    use super::*;

    pub fn serialize<S: Serializer>(dtype: &DType, serializer: S) -> Result<S::Ok, S::Error> {
        dtype.number().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DType, D::Error> {
        DType::from_number(i64::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("not the number of an element type"))
    }
}

/// A word, as in the report.
pub(super) fn sandbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sandbox, D::Error> {
    let word = String::deserialize(deserializer)?;
    let known = Sandbox::ALL.iter().find(|sandbox| sandbox.as_str() == word);
    known.copied().ok_or_else(|| D::Error::custom("no word for a sandbox"))
}

pub(super) mod optional_dtype {
    use super::*;

    pub fn serialize<S: Serializer>(
        dtype: &Option<DType>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        dtype.map(DType::number).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DType>, D::Error> {
        let number = Option::<u32>::deserialize(deserializer)?;
        Ok(number.and_then(|number| DType::from_number(i64::from(number))))
    }
}

pub(super) mod optional_shape {
    use super::*;

    pub fn serialize<S: Serializer>(
        shape: &Option<Shape>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        shape.as_ref().map(|shape| &shape.0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Shape>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Shape))
    }
}

pub(super) mod optional_stats {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct OnWire {
        /// Mean, standard deviation, least and greatest; absent where no value is finite.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finite: Option<[f64; 4]>,
        /// Zeros, NaNs, infinities.
        counts: [u64; 3],
    }

    pub fn serialize<S: Serializer>(
        stats: &Option<Stats>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let on_wire = stats.map(|stats| OnWire {
            finite: (|| Some([stats.mean?, stats.std_dev?, stats.min?, stats.max?]))(),
            counts: [stats.zeros, stats.nans, stats.infinities],
        });
        on_wire.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Stats>, D::Error> {
        let on_wire = Option::<OnWire>::deserialize(deserializer)?;
        Ok(on_wire.map(|OnWire { finite, counts: [zeros, nans, infinities] }| {
            let [mean, std_dev, min, max] = match finite {
                Some(numbers) => numbers.map(Some),
                None => [None; 4],
            };
            Stats { mean, std_dev, min, max, zeros, nans, infinities }
        }))
    }
}
