//! Which package of the Python registry has an op that TensorFlow's own library lacks.

/// How the names of a package's ops begin, and the package. Of two that fit, the longer one is meant.
/// Source: the `REGISTER_OP` calls of each project.
const PACKAGES: &[(&str, &str)] = &[
    ("Addons>", "tensorflow-addons"),
    ("CaseFoldUTF8", "tensorflow-text"),
    ("CreateRange", "tensorflow-compression"),
    ("EntropyDecode", "tensorflow-compression"),
    ("EntropyEncode", "tensorflow-compression"),
    ("FastWordpiece", "tensorflow-text"),
    ("FindSourceOffsets", "tensorflow-text"),
    ("Horovod", "horovod"),
    ("IO>", "tensorflow-io"),
    ("NormalizeUTF8", "tensorflow-text"),
    ("PmfToQuantizedCdf", "tensorflow-compression"),
    ("RegexSplitWithOffsets", "tensorflow-text"),
    ("RougeL", "tensorflow-text"),
    ("SentenceFragments", "tensorflow-text"),
    ("Sentencepiece", "tensorflow-text"),
    ("SimpleML", "tensorflow-decision-forests"),
    ("SplitMerge", "tensorflow-text"),
    ("TFRA>", "tensorflow-recommenders-addons"),
    ("TFText>", "tensorflow-text"),
    ("Tfq", "tensorflow-quantum"),
    ("UnicodeScriptTokenize", "tensorflow-text"),
    ("WhitespaceTokenize", "tensorflow-text"),
    ("Wordpiece", "tensorflow-text"),
];

/// The package that has this op, where one is known.
pub(super) fn package_of(op: &str) -> Option<&'static str> {
    let known = PACKAGES.iter().filter(|(start, _)| op.starts_with(start));
    known.max_by_key(|(start, _)| start.len()).map(|(_, package)| *package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_ops_that_hub_models_ask_for() {
        assert_eq!(package_of("SentencepieceTokenizeOp"), Some("tensorflow-text"));
        assert_eq!(package_of("CaseFoldUTF8"), Some("tensorflow-text"));
        assert_eq!(
            package_of("SimpleMLInferenceOpWithHandle"),
            Some("tensorflow-decision-forests")
        );
        assert_eq!(package_of("Addons>GeluOfMine"), Some("tensorflow-addons"));
        assert_eq!(package_of("MatMul"), None);
    }
}
