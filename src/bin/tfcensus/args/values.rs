//! Values of options, read once and checked: numbers with units, times, columns.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use tfcensus::expect::parse_number;
use tfcensus::render::ColorChoice;
use tfcensus::render::cached::ListFormat;
use tfcensus::render::diff::DiffFormat;
use tfcensus::render::{Column, Format, Listing};
use tfcensus::select::Sort;
use tfcensus::{GroupBy, RuntimeChoice};

/// `4GiB`, `500M`, `1073741824`.
pub fn bytes(text: &str) -> Result<u64, String> {
    match parse_number(text) {
        Some(0) => Err("must be more than nothing".into()),
        Some(number) => Ok(number),
        None => Err("write a whole number of bytes, with or without a unit: 4GiB, 500MB".into()),
    }
}

/// Seconds; 0 sets no limit.
pub fn timeout(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds, 0 for no limit")?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| "write a number of seconds, 0 for no limit".into())
}

/// A word of clap's that stands for a value of the library's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<T>(pub T);

// A value without a row does not compile. Only an enum that is not exhaustive needs an answer for the
// values that a newer library has and this table lacks: `=> None`.
macro_rules! words {
    ($($type:ty $(=> $unknown:ident)? { $($variant:path => $word:literal, $help:literal;)* })*) => {$(
        impl ValueEnum for Word<$type> {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Word($variant)),*]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self.0 {
                    $($variant => PossibleValue::new($word).help($help),)*
                    $(_ => return $unknown,)?
                })
            }
        }
    )*};
}

words! {
    Format {
        Format::Text => "text", "for a terminal";
        Format::Json => "json", "schema version 1, for scripts";
        Format::Csv => "csv", "a table of variables, or of groups with --csv-of";
        Format::Markdown => "markdown", "for pull requests and model cards";
        Format::Html => "html", "one self-contained page for a browser";
        Format::Github => "github", "annotations of a GitHub workflow";
    }
    DiffFormat {
        DiffFormat::Text => "text", "for a terminal";
        DiffFormat::Markdown => "markdown", "for pull requests";
        DiffFormat::Json => "json", "for scripts";
    }
    ListFormat {
        ListFormat::Text => "text", "for a terminal";
        ListFormat::Json => "json", "for scripts";
        ListFormat::Csv => "csv", "one row for each model";
    }
    RuntimeChoice {
        RuntimeChoice::Auto => "auto", "a full load where that is safe and quick, else variables";
        RuntimeChoice::Load => "load", "TensorFlow's own loader, as serving uses it";
        RuntimeChoice::Variables => "variables", "the variables alone, in bounded memory";
        RuntimeChoice::Off => "off", "files only, no TensorFlow needed";
    }
    GroupBy {
        GroupBy::Auto => "auto", "Keras layers, else modules, else scopes";
        GroupBy::Keras => "keras", "Keras layers and sub-models";
        GroupBy::ObjectGraph => "object-graph", "modules under their attribute names";
        GroupBy::Scope => "scope", "name scopes";
    }
    Sort {
        Sort::Model => "model", "as the model has them";
        Sort::Parameters => "parameters", "most parameters first";
        Sort::Bytes => "bytes", "most bytes first";
        Sort::Name => "name", "by name";
    }
    Listing {
        Listing::Variables => "variables", "one row for each variable";
        Listing::Groups => "groups", "one row for each sub-model, layer, module or scope";
    }
    ColorChoice {
        ColorChoice::Auto => "auto", "on a terminal, as NO_COLOR and CLICOLOR say";
        ColorChoice::Always => "always", "always";
        ColorChoice::Never => "never", "never";
    }
    Column => None {
        Column::Parameters => "parameters", "elements";
        Column::Share => "share", "share of the model's parameters";
        Column::Bar => "bar", "the share as a bar";
        Column::Trainable => "trainable", "whether training would change it";
        Column::Bytes => "bytes", "stored bytes";
        Column::Variables => "variables", "number of variables (tree)";
        Column::Own => "own", "parameters held directly (tree)";
        Column::Shape => "shape", "shape (list of variables)";
        Column::Dtype => "dtype", "element type (list of variables)";
        Column::Key => "key", "key in the checkpoint (list of variables)";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_and_sizes() {
        assert_eq!(timeout("0"), Ok(Duration::ZERO));
        assert_eq!(timeout("1.5"), Ok(Duration::from_millis(1500)));
        assert!(timeout("-1").is_err() && timeout("nan").is_err() && timeout("soon").is_err());
        assert_eq!(bytes("4GiB"), Ok(4 << 30));
        assert!(bytes("0").is_err() && bytes("lots").is_err());
    }

    #[test]
    fn offers_every_column() {
        assert_eq!(Word::<Column>::value_variants().len(), Column::ALL.len());
    }
}
