//! Makes text from models harmless, one function per place that text goes to.
//!
//! Names in a model are bytes that its maker chose. Every output format passes them through here
//! first, so that no name can move the cursor, reverse a line, end a table cell, start a formula
//! or open a tag. What a person could not see becomes visible: `\x1b`, `\n`, `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write;

/// Shown before a combining mark that would otherwise sit on whatever precedes the name.
const DOTTED_CIRCLE: char = '\u{25cc}';

/// For a terminal: control, direction and invisible characters become visible escapes.
///
/// The result has no newline, tab, escape sequence or bidirectional override, and every character
/// left in it takes space or modifies one that does.
pub fn terminal(text: &str) -> Cow<'_, str> {
    let starts_combining = text.chars().next().is_some_and(is_combining);
    if !starts_combining && !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    if starts_combining {
        out.push(DOTTED_CIRCLE);
    }
    for c in text.chars() {
        if is_deceptive(c) {
            push_escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// As [`terminal`], and everything beyond ASCII becomes `\u{...}` too.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            out.push(c);
        } else {
            push_escape(&mut out, c);
        }
    }
    Cow::Owned(out)
}

/// For Markdown as GitHub reads it: no mark-up, link, mention, issue number or table cell begins
/// or ends in the text. Underscores inside words stay as they are: they mean nothing there.
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            // Bare addresses become links: `https://` and `www.`.
            ':' if rest.peek() == Some(&'/') => out.push_str("&#58;"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("&#46;"),
            '_' => {
                let inside = before.is_alphanumeric()
                    && rest.peek().is_some_and(|next| next.is_alphanumeric());
                out.push_str(if inside { "_" } else { "\\_" });
            }
            '\\' | '`' | '*' | '[' | ']' | '#' | '|' | '~' | '!' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            // These mean something at the start of a line only.
            '-' | '+' | '=' if before == ' ' && out.is_empty() => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// One cell of a CSV file (RFC 4180), which a spreadsheet shows as text and never calculates.
///
/// A cell that starts with `=`, `+`, `-`, `@` or a blank followed by one of them gets an
/// apostrophe in front, which is how spreadsheets mark text.
pub fn csv(text: &str) -> String {
    let text = terminal(text);
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}']);
    let quoted = formula || text.contains(['"', ',', '\'', ';', ' ']);
    let mut out = String::with_capacity(text.len() + 4);
    if quoted {
        out.push('"');
    }
    if formula {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    if quoted {
        out.push('"');
    }
    out
}

/// For HTML text and quoted attributes.
pub fn html(text: &str) -> String {
    let text = terminal(text);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// JSON text for a `<script>` element: no tag or comment can begin or end inside it.
pub fn script_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

/// The message of a GitHub workflow command (`::error::message`).
pub fn github_message(text: &str) -> String {
    terminal(text).replace('%', "%25")
}

/// A property of a GitHub workflow command (`::error title=property::`).
pub fn github_property(text: &str) -> String {
    github_message(text).replace(':', "%3A").replace(',', "%2C")
}

fn push_escape(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = match c {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if (c as u32) < 0x100 => write!(out, "\\x{:02x}", c as u32),
        c => write!(out, "\\u{{{:x}}}", c as u32),
    };
}

/// Characters that a person cannot see, or that change how others are shown.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, combining grapheme joiner, Arabic letter mark, blank Hangul fillers.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            // Khmer vowels and Mongolian separators that are not drawn.
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            // Zero-width characters and direction marks.
            | '\u{200b}'..='\u{200f}'
            // Line and paragraph separators, direction embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, direction isolates, deprecated controls.
            | '\u{2060}'..='\u{206f}'
            // Byte-order mark, interlinear annotation, musical and tag controls.
            | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that are drawn on the character before them, as far as they take no space of their own.
fn is_combining(c: char) -> bool {
    !is_deceptive(c) && unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_ordinary_names_alone() {
        for name in ["block_1/conv", "層", "имя", "é", "a b", "😀"] {
            assert!(matches!(terminal(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn shows_what_would_move_the_cursor() {
        assert_eq!(terminal("a\x1b[2Jb\r\n\t\u{9b}\u{7f}"), "a\\x1b[2Jb\\r\\n\\t\\x9b\\x7f");
    }

    #[test]
    fn shows_what_would_turn_or_hide_text() {
        assert_eq!(terminal("a\u{202e}b\u{200b}c\u{2066}"), "a\\u{202e}b\\u{200b}c\\u{2066}");
        assert_eq!(terminal("\u{feff}x\u{e0041}"), "\\u{feff}x\\u{e0041}");
    }

    #[test]
    fn gives_a_leading_combining_mark_something_to_sit_on() {
        assert_eq!(terminal("\u{301}a"), "\u{25cc}\u{301}a");
        assert_eq!(terminal("a\u{301}"), "a\u{301}");
    }

    #[test]
    fn ascii_keeps_nothing_else() {
        assert_eq!(ascii("層\u{1b}é"), "\\u{5c64}\\x1b\\xe9");
    }

    #[test]
    fn markdown_starts_no_markup() {
        assert_eq!(markdown("a|b`c*[d](e)"), "a\\|b\\`c\\*\\[d\\](e)");
        assert_eq!(markdown("<img src=x>&"), "&lt;img src=x&gt;&amp;");
        assert_eq!(markdown("@team #1"), "&#64;team \\#1");
        assert_eq!(markdown("http://x www.x"), "http&#58;//x www&#46;x");
        assert_eq!(markdown("conv_1_bn _x_ __y"), "conv_1_bn \\_x\\_ \\_\\_y");
        assert_eq!(markdown("- a\nb"), "\\- a\\\\nb");
    }

    #[test]
    fn csv_never_calculates() {
        assert_eq!(csv("plain"), "plain");
        assert_eq!(csv("a,b\"c"), "\"a,b\"\"c\"");
        for start in ["=", "+", "-", "@"] {
            assert_eq!(csv(&format!("{start}1+1")), format!("\"'{start}1+1\""));
        }
        assert_eq!(csv(" =1"), "\"' =1\"");
        assert_eq!(csv("a\nb"), "a\\nb");
    }

    #[test]
    fn html_opens_no_tag_and_ends_no_attribute() {
        assert_eq!(html("<b a='x\">&"), "&lt;b a=&#39;x&quot;&gt;&amp;");
    }

    #[test]
    fn script_json_cannot_end_its_script() {
        let text = script_json(&serde_json::to_string("</script><!--\u{2028}").unwrap());
        assert!(!text.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "</script><!--\u{2028}");
    }

    #[test]
    fn github_commands_stay_on_their_line() {
        assert_eq!(github_message("50% a\nb::c"), "50%25 a\\nb::c");
        assert_eq!(github_property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
