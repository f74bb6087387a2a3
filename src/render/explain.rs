//! What findings mean and what to do: `docs/findings.md`, by code.

use crate::error::{Error, Result};
use crate::model::Code;

/// The one place where findings are described.
const DOCUMENT: &str = include_str!("../../docs/findings.md");

/// The section of this code, without its mark-up for headings.
pub fn section(code: &str) -> Result<String> {
    let unknown = || Error::Usage {
        what: format!("there is no finding '{code}'"),
        advice: match nearest(code) {
            Some(near) => format!("did you mean: tfcensus explain {near}"),
            None => "tfcensus explain lists them all".into(),
        },
    };
    let known = Code::ALL.iter().find(|known| known.as_str() == code).ok_or_else(unknown)?;
    let (heading, body) =
        sections().find(|(heading, _)| *heading == known.as_str()).ok_or_else(unknown)?;
    let mut text = format!("{heading} ({})\n", usual_severity(body));
    for paragraph in body.split("\n\n").map(str::trim) {
        // The heading shows the severity; comments divide the document.
        if !paragraph.starts_with("*Severity:*") && !paragraph.starts_with("<!--") {
            text += &format!("\n{}\n", paragraph.replace("*What to do:*", "What to do:"));
        }
    }
    Ok(text)
}

/// Every code with its severity and the first sentence on it.
pub fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in Code::ALL {
        let body = sections().find(|(heading, _)| *heading == code.as_str());
        let body = body.map_or("", |(_, body)| body);
        let first = body.trim().replace('\n', " ");
        let first = first.split_once(". ").map_or(first.as_str(), |(first, _)| first).to_owned();
        let severity = usual_severity(body);
        text += &format!("{:width$}  {severity:7}  {first}\n", code.as_str());
    }
    text
}

/// What the section states as `*Severity:* error.`: what a finding of its code usually has. Each
/// finding has the severity of the fact behind it, which may be another.
fn usual_severity(body: &str) -> &str {
    let stated = body.split_once("*Severity:* ").map_or("", |(_, rest)| rest);
    stated.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or("")
}

/// The sections of the document: heading and body.
fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    DOCUMENT.split("\n## ").skip(1).map(|part| part.split_once('\n').unwrap_or((part, "")))
}

/// The code that is a few letters away from this word.
fn nearest(word: &str) -> Option<&'static str> {
    // A word of this length is not a mistyped code, and the distance takes quadratic time.
    if word.len() > 64 {
        return None;
    }
    let near = Code::ALL.iter().map(|code| (distance(word, code.as_str()), code.as_str()));
    near.min().filter(|(distance, _)| *distance <= 4).map(|(_, code)| code)
}

/// Letters to insert, delete or replace to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != *to)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::model::Severity;

    use super::*;

    #[test]
    fn every_code_has_exactly_one_section_and_there_are_no_others() {
        let mut documented: Vec<&str> = sections().map(|(heading, _)| heading).collect();
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        documented.sort_unstable();
        codes.sort_unstable();
        assert_eq!(documented, codes);
    }

    #[test]
    fn every_section_says_its_severity_and_what_to_do() {
        for (heading, body) in sections() {
            let known = [Severity::Error, Severity::Warning, Severity::Note].map(Severity::as_str);
            assert!(known.contains(&usual_severity(body)), "{heading}");
            assert_eq!(body.matches("*Severity:* ").count(), 1, "{heading}");
            assert!(body.contains("*What to do:* "), "{heading}");
        }
    }

    #[test]
    fn offers_the_nearest_code() {
        let error = section("shape-difers").unwrap_err();
        assert_eq!(error.advice(), "did you mean: tfcensus explain shape-differs");
        assert_eq!(distance("kitten", "sitting"), 3);
        assert!(section("xyzzy-nothing-alike").is_err());
        assert!(section("shape-differs").unwrap().starts_with("shape-differs (error)\n\n"));
    }
}
