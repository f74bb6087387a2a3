//! Text measured in terminal columns: fitting, filling and wrapping. Takes escaped text only.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that the text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Columns of one character when it is added to others.
fn char_columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The text, or as much of its start and end as fits with `ellipsis` between them.
pub fn shorten_middle(text: &str, room: usize, ellipsis: &str) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(columns(ellipsis));
    // Cutting by characters can err by a column where characters join; then a little less is kept.
    loop {
        let head = left.div_ceil(2);
        let short = format!("{}{ellipsis}{}", start(text, head), end(text, left - head));
        if columns(&short) <= room || left == 0 {
            return if columns(&short) <= room { short } else { start(text, room).to_owned() };
        }
        left -= 1;
    }
}

/// The text, or as much of its start as fits with `ellipsis` after it.
pub fn shorten_end(text: &str, room: usize, ellipsis: &str) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let kept = start(text, room.saturating_sub(columns(ellipsis))).trim_end();
    let short = format!("{kept}{ellipsis}");
    if columns(&short) <= room { short } else { start(text, room).to_owned() }
}

/// The longest start of at most `room` columns.
fn start(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += char_columns(c);
        if used > room {
            return &text[..at];
        }
    }
    text
}

/// The longest end of at most `room` columns that begins with a character of its own width.
fn end(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut from = text.len();
    for (at, c) in text.char_indices().rev() {
        used += char_columns(c);
        if used > room {
            break;
        }
        if char_columns(c) > 0 {
            from = at;
        }
    }
    &text[from..]
}

/// Spaces that fill the text up to `room` columns.
pub fn padding(text: &str, room: usize) -> String {
    " ".repeat(room.saturating_sub(columns(text)))
}

/// Lines of at most `room` columns, broken at spaces, and inside words only where one word is
/// longer than a line. At least one line.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        let gap = usize::from(!line.is_empty());
        if columns(&line) + gap + columns(word) <= room {
            if gap > 0 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while columns(word) > room {
            let mut piece = start(word, room);
            if piece.is_empty() {
                // One character wider than the line: it has to stand out.
                piece = &word[..word.chars().next().map_or(0, char::len_utf8)];
            }
            lines.push(piece.to_owned());
            word = &word[piece.len()..];
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_in_the_middle_to_exactly_the_room() {
        assert_eq!(shorten_middle("abcdefghij", 10, "…"), "abcdefghij");
        assert_eq!(shorten_middle("abcdefghij", 7, "…"), "abc…hij");
        assert_eq!(shorten_middle("abcdefghij", 1, "…"), "…");
        assert_eq!(shorten_middle("abcdefghij", 0, "…"), "");
    }

    #[test]
    fn never_exceeds_the_room_with_wide_or_combining_text() {
        let texts =
            ["層層層層層層", "e\u{301}e\u{301}e\u{301}e\u{301}", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "🇩🇪🇫🇷🇮🇹", "a層b層c層"];
        for text in texts {
            for room in 0..14 {
                assert!(columns(&shorten_middle(text, room, "…")) <= room, "{text} {room}");
                assert!(columns(&shorten_end(text, room, "…")) <= room, "{text} {room}");
            }
        }
    }

    #[test]
    fn keeps_combining_marks_with_their_letter() {
        assert_eq!(shorten_middle("ae\u{301}xxxxxxbe\u{301}", 5, "…"), "ae\u{301}…be\u{301}");
    }

    #[test]
    fn wraps_at_spaces_and_breaks_only_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("層層", 1), ["層", "層"]);
    }
}
