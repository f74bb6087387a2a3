//! The end of the worker's stderr, in a bounded ring, and the lines in it that explain a failure.
//!
//! TensorFlow writes many lines that mean nothing to a user: of the processor, of GPUs that are not
//! there. When the worker ends by a signal, one line among them may be the only explanation (a
//! failed check, an exception of the C++ runtime).

use std::collections::VecDeque;

use crate::limits::MAX_STDERR_LINES;

/// Most lines that are shown.
const MAX_SHOWN_LINES: usize = 8;

/// The newest lines of stderr.
#[derive(Debug, Default)]
pub(super) struct StderrTail {
    lines: VecDeque<String>,
}

impl StderrTail {
    /// Adds one line; removes the oldest where there are too many.
    pub fn add(&mut self, line: String) {
        if self.lines.len() >= MAX_STDERR_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The newest lines that may explain a failure, oldest first, without times and PIDs.
    pub fn stderr_lines(&self) -> Vec<String> {
        let explaining = self.lines.iter().rev().filter_map(|line| explanation(line));
        let mut lines: Vec<String> = explaining.take(MAX_SHOWN_LINES).map(str::to_string).collect();
        lines.reverse();
        lines.dedup();
        lines
    }

    /// True where a line says that memory ran out.
    pub fn is_about_memory(&self) -> bool {
        self.lines.iter().any(|line| is_about_memory(line))
    }
}

/// True for the messages of the C++ and Rust runtimes, the dynamic loader, libc and TensorFlow when
/// memory runs out.
pub(super) fn is_about_memory(text: &str) -> bool {
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

/// The message of a line that may explain a failure; `None` for routine output.
fn explanation(line: &str) -> Option<&str> {
    const ROUTINE: [&str; 8] = [
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
    // A line that begins with a node's mark continues a warning; one that begins with an `@` is a
    // frame of a stack.
    if line.is_empty()
        || line.starts_with("[[")
        || line.starts_with("@ ")
        || ROUTINE.iter().any(|words| line.contains(words))
    {
        return None;
    }
    match log_prefix(line) {
        Some(('I' | 'W', _)) => None,
        Some((_, rest)) => Some(rest),
        None => Some(line),
    }
}

/// Level and remainder of a log line of TensorFlow (`2026-01-31 10:20:30.456: F file:12] words`)
/// or abseil (`F0000 00:00:1795491269.338466   12037 file:12] words`).
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

    fn shown(lines: &[&str]) -> Vec<String> {
        let mut tail = StderrTail::default();
        lines.iter().for_each(|line| tail.add(line.to_string()));
        tail.stderr_lines()
    }

    #[test]
    fn a_failed_check_is_shown_and_routine_output_is_not() {
        // Lines that TensorFlow 2.12 and 2.21 wrote.
        let shown_lines = shown(&[
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
            shown_lines,
            [
                "tensorflow/core/framework/tensor_shape.cc:404] Check failed: 0 <= new_num_elements (0 vs. -1)",
                "tensor_shape.cc:404] Check failed: again",
            ]
        );
    }

    #[test]
    fn lines_that_are_not_of_a_log_are_shown() {
        let lines = [
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "what():  std::bad_alloc",
        ];
        assert_eq!(shown(&lines), lines);
    }

    #[test]
    fn the_ring_is_bounded() {
        let mut tail = StderrTail::default();
        (0..10_000).for_each(|i| tail.add(format!("line {i}")));
        assert_eq!(tail.lines.len(), MAX_STDERR_LINES);
        assert_eq!(tail.stderr_lines().last().map(String::as_str), Some("line 9999"));
        assert_eq!(tail.stderr_lines().len(), MAX_SHOWN_LINES);
    }

    #[test]
    fn any_text_can_be_a_line() {
        for odd in ["I", "F0000", "F0000 x", "2026-11-24", "2026-11-24 F", "Éé0000 1 2 3", "\u{0}"]
        {
            shown(&[odd]);
        }
    }
}
