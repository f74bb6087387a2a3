//! Reads messages from standard input, and writes what the decoders see of each, a line of JSON.
//!
//! Input: for each message a byte that says what it is, its length in four bytes (little-endian), and
//! the message. Output: `{"seen": …}` or `{"refused": "why"}`. `tests/one_reading/main.py` compares it
//! with what protocol buffers' own parser sees.

use std::io::{self, BufReader, BufWriter, Read, Write};

use serde_json::json;
use tfcensus::testkit::seen;

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut output = BufWriter::new(io::stdout());
    let mut head = [0; 5];
    while input.read_exact(&mut head).is_ok() {
        let [kind, len @ ..] = head;
        let mut message = Vec::new();
        input.by_ref().take(u32::from_le_bytes(len).into()).read_to_end(&mut message)?;
        let seen = match kind {
            b'm' => seen::saved_model(&message),
            b'c' => seen::checkpoint_graph(&message),
            _ => panic!("see the head of tests/one_reading/see.rs"),
        };
        let line = match seen {
            Ok(seen) => json!({ "seen": seen }),
            Err(why) => json!({ "refused": why }),
        };
        writeln!(output, "{line}")?;
        output.flush()?;
    }
    Ok(())
}
