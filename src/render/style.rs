//! Colour, and the signs that carry the same meaning without it.

use std::borrow::Cow;
use std::ffi::OsString;

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// Colour where the environment and the terminal want it.
    #[default]
    Auto,
    /// Colour.
    Always,
    /// No colour.
    Never,
}

impl ColorChoice {
    /// Whether to colour, by the usual rules in this order: the choice itself, `NO_COLOR`,
    /// `CLICOLOR_FORCE`, whether the output is a terminal, `CLICOLOR=0`, `TERM=dumb`.
    pub fn resolve(self, terminal: bool, env: impl Fn(&str) -> Option<OsString>) -> bool {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR").is_some() => false,
            ColorChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            ColorChoice::Auto => {
                terminal
                    && set("CLICOLOR").is_none_or(|v| v != "0")
                    && set("TERM").is_some_and(|v| v != "dumb")
            }
        }
    }
}

/// What a piece of text is; the colour follows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// Ordinary text.
    #[default]
    Plain,
    /// Headings and totals.
    Strong,
    /// What matters less: classes, tree branches, units.
    Faint,
    /// Agreement.
    Good,
    /// Contradiction.
    Bad,
    /// Doubt.
    Warn,
    /// Bars.
    Accent,
}

impl Ink {
    /// Parameters of the SGR escape sequence; the terminal's own palette, so that it is readable
    /// on dark and light ground.
    fn sgr(self) -> Option<&'static str> {
        match self {
            Ink::Plain => None,
            Ink::Strong => Some("1"),
            Ink::Faint => Some("2"),
            Ink::Good => Some("32"),
            Ink::Bad => Some("1;31"),
            Ink::Warn => Some("33"),
            Ink::Accent => Some("36"),
        }
    }
}

/// Paints text, or leaves it plain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// True where escape sequences may be written.
    pub color: bool,
}

impl Style {
    /// The text in this ink. The text must be escaped already.
    pub fn paint<'t>(&self, ink: Ink, text: &'t str) -> Cow<'t, str> {
        match ink.sgr().filter(|_| self.color && !text.is_empty()) {
            Some(sgr) => Cow::Owned(format!("\x1b[{sgr}m{text}\x1b[0m")),
            None => Cow::Borrowed(text),
        }
    }
}

/// The signs of a terminal report, in Unicode or in ASCII.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// Stands for what was left out of a long name, and before rolled-up rows.
    pub ellipsis: &'static str,
    /// A child that has a sibling below it.
    pub tee: &'static str,
    /// The last child.
    pub corner: &'static str,
    /// Passes by a child's children.
    pub pipe: &'static str,
    /// Continues a branch.
    pub dash: &'static str,
    /// Trainable.
    pub trainable: &'static str,
    /// Trainable in part.
    pub partly: &'static str,
    /// Not trainable.
    pub fixed: &'static str,
    /// Frozen although its own flag says trainable.
    pub frozen: &'static str,
    /// Nothing says.
    pub unknown: &'static str,
    /// Trainable, unless a layer was frozen without a trace.
    pub maybe: &'static str,
    /// Held in more than one place.
    pub shared: &'static str,
    /// Agreement.
    pub check: &'static str,
    /// Contradiction.
    pub cross: &'static str,
    /// Between words of one line.
    pub dot: &'static str,
    /// Underlines table heads.
    pub rule: &'static str,
    /// One step of a bar, from the thinnest to a full cell.
    pub bar: &'static [&'static str],
}

/// Signs of Unicode that the usual terminal fonts have and that take one column.
pub const UNICODE: Signs = Signs {
    ellipsis: "…",
    tee: "├",
    corner: "└",
    pipe: "│",
    dash: "─",
    trainable: "●",
    partly: "◐",
    fixed: "○",
    frozen: "⊘",
    unknown: "?",
    maybe: "≤",
    shared: "⇆",
    check: "✓",
    cross: "✗",
    dot: "·",
    rule: "─",
    bar: &["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
};

/// Signs of ASCII.
pub const ASCII: Signs = Signs {
    ellipsis: "..",
    tee: "|",
    corner: "`",
    pipe: "|",
    dash: "-",
    trainable: "*",
    partly: "~",
    fixed: "-",
    frozen: "x",
    unknown: "?",
    maybe: "<",
    shared: "&",
    check: "ok",
    cross: "!!",
    dot: "-",
    rule: "-",
    bar: &["#"],
};

impl Signs {
    /// A bar for this share of `width` columns: at least the thinnest step for anything above
    /// nothing, and full only for the whole.
    pub fn bar(&self, part: u64, whole: u64, width: usize) -> String {
        let steps = self.bar.len().max(1);
        let most = (width * steps) as u128;
        if whole == 0 || part == 0 || most == 0 {
            return String::new();
        }
        let filled = (u128::from(part) * most / u128::from(whole)).clamp(1, most) as usize;
        let full = self.bar.last().copied().unwrap_or("").repeat(filled / steps);
        match filled % steps {
            0 => full,
            rest => full + self.bar.get(rest - 1).copied().unwrap_or(""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(choice: ColorChoice, terminal: bool, env: &[(&str, &str)]) -> bool {
        choice.resolve(terminal, |name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn colours_terminals_only() {
        let term = ("TERM", "xterm-256color");
        assert!(resolve(ColorChoice::Auto, true, &[term]));
        assert!(!resolve(ColorChoice::Auto, false, &[term]));
        assert!(!resolve(ColorChoice::Auto, true, &[("TERM", "dumb")]));
        assert!(!resolve(ColorChoice::Auto, true, &[]));
    }

    #[test]
    fn follows_the_environment() {
        let term = ("TERM", "xterm");
        assert!(!resolve(ColorChoice::Auto, true, &[term, ("NO_COLOR", "1")]));
        assert!(resolve(ColorChoice::Auto, true, &[term, ("NO_COLOR", "")]));
        assert!(!resolve(ColorChoice::Auto, true, &[term, ("CLICOLOR", "0")]));
        assert!(resolve(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!resolve(ColorChoice::Auto, false, &[term, ("CLICOLOR_FORCE", "0")]));
        assert!(!resolve(ColorChoice::Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }

    #[test]
    fn the_flag_outranks_the_environment() {
        assert!(resolve(ColorChoice::Always, false, &[("NO_COLOR", "1")]));
        assert!(!resolve(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn bars_show_something_for_anything() {
        assert_eq!(UNICODE.bar(0, 100, 8), "");
        assert_eq!(UNICODE.bar(1, u64::MAX, 8), "▏");
        assert_eq!(UNICODE.bar(50, 100, 8), "████");
        assert_eq!(UNICODE.bar(u64::MAX, u64::MAX, 8), "████████");
        assert_eq!(ASCII.bar(1, 2, 8), "####");
    }
}
