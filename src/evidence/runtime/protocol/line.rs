//! What both sides of the protocol share: its version, the worker's argument, and lines.

use serde::Serialize;

/// Version of the protocol. Worker and parent are the same program, so there is no negotiation:
/// two numbers that differ end the conversation.
pub const PROTOCOL: u32 = 3;

/// The one argument that makes this program a worker.
pub(crate) const WORKER_ARGUMENT: &str = "--tfcensus-session-worker";

/// The environment variable that marks a process that was started as a worker. Unlike the argument,
/// it reaches a process that a script in between has started.
pub(crate) const WORKER_VARIABLE: &str = "TFCENSUS_SESSION_WORKER";

/// Whether this process was started as a worker. One that has got as far as to ask does not serve.
pub fn is_started_as_worker() -> bool {
    std::env::var_os(WORKER_VARIABLE).is_some()
        || std::env::args_os().nth(1).is_some_and(|argument| argument == WORKER_ARGUMENT)
}

/// One line, ready to be written.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    // Structs with string keys always serialize. An empty line would be refused by the reader.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

/// `text` cut to at most `limit` bytes, between two characters.
pub fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
    }
}
