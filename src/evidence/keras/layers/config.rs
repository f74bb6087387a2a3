//! The keys of a layer's configuration that decide about its variables. All others are skipped where
//! they stand, so that a configuration takes no more memory than the few values that are read.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Longest list that is read: of kernel sizes, axes or dimensions.
const MAX_LIST: usize = 64;

/// Keys that decide about variables, in a class that knows them.
const READ: &[&str] = &[
    "axis",
    "backward_layer",
    "bias_axes",
    "bin_boundaries",
    "cell",
    "cells",
    "center",
    "data_format",
    "depth_multiplier",
    "equation",
    "filters",
    "groups",
    "head_dim",
    "implementation",
    "init_values",
    "input_dim",
    "kernel_size",
    "key_dim",
    "key_shape",
    "layer",
    "mean",
    "num_heads",
    "num_key_value_heads",
    "num_query_heads",
    "output_dim",
    "output_shape",
    "padding",
    "projection_dim",
    "query_shape",
    "renorm",
    "reset_after",
    "scale",
    "score_mode",
    "shared_axes",
    "strides",
    "tie_weights",
    "time_major",
    "units",
    "use_bias",
    "use_gate",
    "use_scale",
    "value_dim",
    "value_shape",
    "variance",
];

/// Keys that add variables in a way that no entry of the tables has. They may be there without a
/// value.
const REFUSED: &[&str] = &[
    "gptq_unpacked_column_size",
    "lora_rank",
    "quantization_config",
    "rms_scaling",
    "virtual_batch_size",
];

/// Keys that decide about no variable.
const HARMLESS: &[&str] = &[
    "activation",
    "adjustment",
    "attention_axes",
    "autocast",
    "batch_input_shape",
    "batch_shape",
    "causal",
    "dilation_rate",
    "dropout",
    "dtype",
    "enable_caching_device",
    "epsilon",
    "experimental_autocast",
    "flash_attention",
    "fused",
    "go_backwards",
    "input_length",
    "input_shape",
    "invert",
    "lora_alpha",
    "logit_soft_cap",
    "mask_zero",
    "merge_mode",
    "momentum",
    "name",
    "noise_shape",
    "num_constants",
    "num_bins",
    "output_mode",
    "output_padding",
    "power_iterations",
    "rank",
    "recurrent_activation",
    "recurrent_dropout",
    "renorm_clipping",
    "renorm_momentum",
    "return_sequences",
    "return_state",
    "reverse_dtype",
    "seed",
    "sliding_window",
    "softmax_robust_masking",
    "sparse",
    "stateful",
    "synchronized",
    "trainable",
    "unit_forget_bias",
    "unroll",
    "zero_output_for_mask",
];

/// Ends of keys that decide about values, and about no variable.
const HARMLESS_ENDS: &[&str] = &["_constraint", "_initializer", "_regularizer"];

/// Parts of the name of a dtype policy under which layers hold other variables.
/// Source: keras/src/dtype_policies/dtype_policy.py (Keras 3.15).
const QUANTIZED: &[&str] = &["Quantized", "_from_", "float8"];

/// What is done with a key.
#[derive(Clone, Copy)]
enum Use {
    Read(&'static str),
    Refuse,
    DType,
    Skip,
}

static SKIPPED: LazyLock<HashSet<&str>> = LazyLock::new(|| HARMLESS.iter().copied().collect());

impl Use {
    fn of(key: &str) -> Option<Use> {
        if let Ok(at) = READ.binary_search(&key) {
            return READ.get(at).map(|known| Use::Read(known));
        }
        if key == "dtype" {
            return Some(Use::DType);
        }
        if REFUSED.contains(&key) {
            return Some(Use::Refuse);
        }
        let is_harmless =
            SKIPPED.contains(key) || HARMLESS_ENDS.iter().any(|end| key.ends_with(end));
        is_harmless.then_some(Use::Skip)
    }
}

/// The values that decide about a layer's variables.
#[derive(Clone, Debug, Default)]
pub(in crate::evidence::keras) struct Values<'a> {
    values: Vec<(&'static str, &'a RawValue)>,
    /// True where something in it means more than the tables know.
    is_unclear: bool,
}

impl<'a> Values<'a> {
    /// Reads a configuration.
    pub fn read(config: &'a RawValue) -> Option<Values<'a>> {
        serde_json::from_str(config.get()).ok()
    }

    /// Takes a key of a configuration, and its value from the map.
    pub fn take<M: MapAccess<'a>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error> {
        match Use::of(key) {
            Some(Use::Read(known)) => {
                let value = map.next_value()?;
                match self.get(known) {
                    Some(_) => self.is_unclear = true,
                    None => self.values.push((known, value)),
                }
            }
            Some(Use::DType) => {
                let text: &RawValue = map.next_value()?;
                self.is_unclear |= QUANTIZED.iter().any(|part| text.get().contains(part));
            }
            Some(Use::Refuse) => {
                let value: &RawValue = map.next_value()?;
                self.is_unclear |= !matches!(value.get(), "null" | "false");
            }
            Some(Use::Skip) => {
                map.next_value::<IgnoredAny>()?;
            }
            None => {
                self.is_unclear = true;
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    /// True where the class knows all keys, and none that it needs is missing.
    pub fn fit(&self, needs: &[&str], knows: &[&str]) -> bool {
        let is_known = |(key, value): &(&str, &RawValue)| {
            needs.contains(key) || knows.contains(key) || value.get() == "null"
        };
        !self.is_unclear
            && self.values.iter().all(is_known)
            && needs.iter().all(|key| self.get(key).is_some())
    }

    /// The value as it is written; `None` where there is no such key.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// True where there is no value.
    pub fn is_null(&self, key: &str) -> bool {
        self.get(key).is_none_or(|value| value.get() == "null")
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.parsed(key)
    }

    /// A flag; false where the key is not there, since older versions do not have its option.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(value) => serde_json::from_str(value.get()).ok(),
            None => Some(false),
        }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.parsed(key)
    }

    /// A list of numbers, or a number that stands alone.
    pub fn numbers(&self, key: &str) -> Option<Vec<i64>> {
        let dims = self.dims(key)?;
        dims.into_iter().collect()
    }

    /// A list of numbers or unknowns, or a number that stands alone.
    pub fn dims(&self, key: &str) -> Option<Vec<Option<i64>>> {
        let value = self.get(key)?;
        match serde_json::from_str::<i64>(value.get()) {
            Ok(number) => Some(vec![Some(number)]),
            Err(_) => list(value),
        }
    }

    fn parsed<T: Deserialize<'a>>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }
}

/// The entries of a list; Keras writes a tuple as an object around one.
pub(super) fn list<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Option<Vec<T>> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        items: &'a RawValue,
    }
    let text = match value.get().starts_with('{') {
        true => serde_json::from_str::<Wrapped<'a>>(value.get()).ok()?.items.get(),
        false => value.get(),
    };
    let mut json = serde_json::Deserializer::from_str(text);
    Short(std::marker::PhantomData).deserialize(&mut json).ok()
}

/// A list that is refused where it is long: its entries take more memory than their text.
struct Short<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Short<T> {
    type Value = Vec<T>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<T>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Short<T> {
    type Value = Vec<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a short list")
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            if entries.len() >= MAX_LIST {
                return Err(serde::de::Error::custom("too long"));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a configuration")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Values<'de>, M::Error> {
                let mut values = Values::default();
                while let Some(key) = map.next_key::<Key>()? {
                    values.take(&key.0, &mut map)?;
                }
                Ok(values)
            }
        }
        json.deserialize_map(ValuesVisitor)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Deserialize)]
pub(in crate::evidence::keras) struct Key<'a>(#[serde(borrow)] pub std::borrow::Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_searched_for_are_sorted() {
        assert!(READ.is_sorted());
    }
}
