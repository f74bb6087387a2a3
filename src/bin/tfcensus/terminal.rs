//! What the terminal is like: its width, and whether it wants colour.

use std::io::IsTerminal;

use tfcensus::render::ColorChoice;

/// Columns where neither `COLUMNS` nor a terminal states them.
const USUAL_WIDTH: usize = 80;
/// Tables are not spread further than this.
const MAX_WIDTH: usize = 160;

/// Columns to lay reports out for: `COLUMNS`, else the terminal's, else 80.
pub fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let width = asked.filter(|columns| *columns > 0).or_else(|| {
        let on_terminal = std::io::stdout().is_terminal();
        terminal_size::terminal_size().filter(|_| on_terminal).map(|(w, _)| usize::from(w.0))
    });
    width.unwrap_or(USUAL_WIDTH).min(MAX_WIDTH)
}

/// Whether to colour what goes to this stream.
pub fn colors(choice: ColorChoice, stream: &impl IsTerminal) -> bool {
    choice.resolve(stream.is_terminal(), |name| std::env::var_os(name))
}
