//! Errors for people: what happened, where, what to do. On stderr, escaped.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use tfcensus::model::RuntimeFailure;
use tfcensus::render::escape_for_terminal as escape;
use tfcensus::render::{ColorChoice, Ink, Style};

/// Prints the error; nothing more can be done where stderr is closed.
pub fn print(error: &anyhow::Error) {
    let style = Style { color: super::terminal::colors(ColorChoice::Auto, &io::stderr()) };
    let _ = io::stderr().write_all(text(error, style).as_bytes());
}

/// Says which expectations failed, a line for each.
pub fn print_expectations(failures: &[String]) {
    let style = Style { color: super::terminal::colors(ColorChoice::Auto, &io::stderr()) };
    let mut out = String::new();
    for failure in failures {
        let _ = writeln!(out, "{} {failure}", style.paint(Ink::Bad, "error:"));
    }
    let _ = io::stderr().write_all(out.as_bytes());
}

/// Says what a number alone does not.
pub fn print_note(note: &str) {
    let style = Style { color: super::terminal::colors(ColorChoice::Auto, &io::stderr()) };
    let line = format!("{} {}\n", style.paint(Ink::Warn, "note:"), escape(note));
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says why no session could confirm a count that was made from the files.
pub fn print_failure(failure: &RuntimeFailure) {
    let style = Style { color: super::terminal::colors(ColorChoice::Auto, &io::stderr()) };
    let mut out = format!(
        "{} no session could confirm the count: {}\n",
        style.paint(Ink::Bad, "error:"),
        escape(&failure.what)
    );
    for line in &failure.stderr_lines {
        let _ = writeln!(out, "  {}  {}", style.paint(Ink::Faint, "said:"), escape(line));
    }
    for (at, place) in failure.tried.iter().enumerate() {
        // As wide as the word it stands below.
        let heading = if at == 0 { "tried:" } else { "      " };
        let _ = writeln!(out, "  {} {}", style.paint(Ink::Faint, heading), escape(place));
    }
    if !failure.advice.is_empty() {
        let _ =
            writeln!(out, "  {}    {}", style.paint(Ink::Faint, "do:"), escape(&failure.advice));
    }
    let _ = io::stderr().write_all(out.as_bytes());
}

fn text(error: &anyhow::Error, style: Style) -> String {
    let mut place = String::new();
    let mut advice = String::new();
    let known = error.chain().find_map(|cause| cause.downcast_ref::<tfcensus::Error>());
    if let Some(known) = known {
        place = known.place();
        advice = known.advice();
    }
    // What the outermost context says, then its causes.
    let what = error.chain().map(ToString::to_string).fold(String::new(), |mut all, part| {
        // A cause that its context repeats says nothing new.
        if !all.contains(&part) {
            if !all.is_empty() {
                all += ": ";
            }
            all += &part;
        }
        all
    });
    let mut out = format!("{} {}\n", style.paint(Ink::Bad, "error:"), escape(&what));
    // Writing to a string cannot fail.
    if !place.is_empty() {
        let _ = writeln!(out, "  {} {}", style.paint(Ink::Faint, "where:"), escape(&place));
    }
    if !advice.is_empty() {
        let _ = writeln!(out, "  {}    {}", style.paint(Ink::Faint, "do:"), escape(&advice));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_and_what_to_do_without_control_characters() {
        let error = tfcensus::Error::Malformed {
            path: "ocr\x1b[2J/variables.index".into(),
            offset: Some(4096),
            what: "checkpoint index ends too early".into(),
        };
        let shown = text(&error.into(), Style { color: false });
        assert_eq!(
            shown,
            "error: checkpoint index ends too early\n  \
             where: ocr\\x1b[2J/variables.index, byte 4096\n  \
             do:    copy or download the SavedModel again, `variables/` included\n"
        );
    }

    #[test]
    fn adds_context_in_front_of_the_cause() {
        let cause = io::Error::other("disk full");
        let error = anyhow::Error::new(cause).context("cannot write report.html");
        let shown = text(&error, Style { color: false });
        assert_eq!(shown, "error: cannot write report.html: disk full\n");
    }
}
