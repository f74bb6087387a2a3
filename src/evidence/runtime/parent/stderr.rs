//! What the worker writes to its stderr: kept in a bounded ring, and told apart into chatter and
//! the words that explain a death.

use std::collections::VecDeque;

/// Most lines that are kept.
const MAX_LINES: usize = 200;
/// Longest line that is kept, in bytes.
pub(super) const MAX_LINE: usize = 2_000;
/// Most last words that are given.
const MAX_LAST_WORDS: usize = 8;

/// The newest lines of a stderr.
#[derive(Debug, Default)]
pub(super) struct Chatter {
    lines: VecDeque<String>,
}

impl Chatter {
    /// Takes one line, and lets the oldest go.
    pub fn add(&mut self, line: String) {
        if self.lines.len() >= MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The newest lines that matter, oldest first, without times and process numbers.
    pub fn last_words(&self) -> Vec<String> {
        let mut words: Vec<String> =
            self.lines.iter().rev().filter_map(|l| meaning(l)).take(MAX_LAST_WORDS).collect();
        words.reverse();
        words.dedup();
        words
    }

    /// True where the words are those of a process that got no memory.
    pub fn speaks_of_memory(&self) -> bool {
        self.lines.iter().any(|line| speaks_of_memory(line))
    }
}

/// True for what the C++ and Rust runtimes, the dynamic loader, libc and TensorFlow say when
/// memory runs out.
pub(super) fn speaks_of_memory(text: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "std::bad_alloc",
        "memory allocation of",
        "annot allocate memory",
        "pthread_create() failed",
        "failed to map segment",
        "OOM when allocating",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// What a line says, where it is not chatter.
fn meaning(line: &str) -> Option<String> {
    const CHATTER: [&str; 8] = [
        "*** Check failure stack trace: ***",
        "Hint: If you want to see a list of allocated tensors",
        "WARNING: All log messages before absl",
        "To enable the following instructions",
        "cuda",
        "CUDA",
        "cuDNN",
        "cuBLAS",
    ];
    let line = line.trim();
    // Lines that begin with a node's mark go on with a warning; with an `@`, they are the frames
    // of a stack.
    if line.is_empty()
        || line.starts_with("[[")
        || line.starts_with("@ ")
        || CHATTER.iter().any(|c| line.contains(c))
    {
        return None;
    }
    match log_prefix(line) {
        Some(('I' | 'W', _)) => None,
        Some((_, rest)) => Some(rest.to_string()),
        None => Some(line.to_string()),
    }
}

/// Level and remainder of a log line of TensorFlow's (`2026-01-31 10:20:30.456: F file:12] words`)
/// or abseil's (`F0000 00:00:1795491269.338466   12037 file:12] words`).
/// Source: tensorflow/tsl/platform/default/logging.cc (2.12), absl/log/internal/log_format.cc.
fn log_prefix(line: &str) -> Option<(char, &str)> {
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    let level = first.chars().next()?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if "IWEF".contains(level) && first.len() == 5 && digits(first.get(1..)?) {
        let (_, pid) = (words.next()?, words.next()?);
        let at = line.find(pid)? + pid.len();
        return Some((level, line.get(at..)?.trim_start()));
    }
    if first.len() == 10 && digits(first.get(..4)?) {
        let (_, level) = (words.next()?, words.next()?);
        let known = matches!(level, "I" | "W" | "E" | "F");
        let at = line.find(&format!(" {level} "))? + 3;
        return known.then_some((level.chars().next()?, line.get(at..)?));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lines: &[&str]) -> Vec<String> {
        let mut chatter = Chatter::default();
        lines.iter().for_each(|line| chatter.add(line.to_string()));
        chatter.last_words()
    }

    #[test]
    fn tells_a_failed_check_from_chatter() {
        // Lines that TensorFlow 2.12 and 2.21 wrote.
        let said = words(&[
            "2026-11-24 03:12:01.031337: I tensorflow/cc/saved_model/reader.cc:45] Reading SavedModel from: .",
            "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
            "I0000 00:00:1795491269.584727   12037 cpu_feature_guard.cc:227] This TensorFlow binary is optimized",
            "To enable the following instructions: AVX2 AVX512F, in other operations, rebuild TensorFlow.",
            "E0000 00:00:1795491271.453420   12037 cuda_platform.cc:52] failed call to cuInit: INTERNAL",
            "2026-11-24 03:12:01.045016: F tensorflow/core/framework/tensor_shape.cc:404] Check failed: 0 <= new_num_elements (0 vs. -1)",
            "F0000 00:00:1795491271.453420   12037 tensor_shape.cc:404] Check failed: again",
            "*** Check failure stack trace: ***",
            "    @     0x7fb270ed18d5  tensorflow::(anonymous namespace)::ValidateNode()",
        ]);
        assert_eq!(
            said,
            [
                "tensorflow/core/framework/tensor_shape.cc:404] Check failed: 0 <= new_num_elements (0 vs. -1)",
                "tensor_shape.cc:404] Check failed: again",
            ]
        );
    }

    #[test]
    fn keeps_what_no_log_wrote() {
        let said = [
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "what():  std::bad_alloc",
        ];
        assert_eq!(words(&said), said);
    }

    #[test]
    fn holds_no_more_than_its_ring() {
        let mut chatter = Chatter::default();
        (0..10_000).for_each(|i| chatter.add(format!("line {i}")));
        assert_eq!(chatter.lines.len(), MAX_LINES);
        assert_eq!(chatter.last_words().last().map(String::as_str), Some("line 9999"));
        assert_eq!(chatter.last_words().len(), MAX_LAST_WORDS);
    }

    #[test]
    fn takes_any_text_for_a_line() {
        for odd in ["I", "F0000", "F0000 x", "2026-11-24", "2026-11-24 F", "Éé0000 1 2 3", "\u{0}"]
        {
            words(&[odd]);
        }
    }
}
