//! A page of a terminal: where lines go, how wide they are, and how they are painted.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape;
use super::style::{ASCII, Ink, Signs, Style, UNICODE};
use super::view::{MIN_WIDTH, View};
use super::width::{shorten_end, wrap};

/// Below this width signs stand without their words.
pub const NARROW: usize = 60;

/// Where lines go, and how they are to look.
pub struct Page<'o> {
    pub out: &'o mut dyn Write,
    pub style: Style,
    pub signs: &'static Signs,
    pub width: usize,
    ascii: bool,
}

impl<'o> Page<'o> {
    pub fn new(view: &View, out: &'o mut dyn Write) -> Page<'o> {
        Page {
            out,
            style: Style { color: view.color },
            signs: if view.ascii { &ASCII } else { &UNICODE },
            width: view.width.max(MIN_WIDTH),
            ascii: view.ascii,
        }
    }

    /// Text from the model, harmless.
    pub fn escape<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.ascii { escape::ascii(text) } else { escape::terminal(text) }
    }

    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line of escaped text, painted whole, shortened at its end.
    pub fn line(&mut self, ink: Ink, text: &str) -> io::Result<()> {
        let text = shorten_end(text, self.width, self.signs.ellipsis);
        writeln!(self.out, "{}", self.style.paint(ink, &text))
    }

    /// Lines of escaped text, wrapped and indented.
    pub fn paragraph(&mut self, indent: usize, ink: Ink, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            writeln!(self.out, "{:indent$}{}", "", self.style.paint(ink, &line))?;
        }
        Ok(())
    }
}
