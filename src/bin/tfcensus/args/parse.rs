//! Reads the command line, and names the command that a forgotten or misplaced word needs.

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;
use clap::error::{ContextKind, ErrorKind};

use super::command_line::{Args, Command, command};
use crate::error;

/// Why there is no command to run. What there is to say of it has been printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The help or the version was asked for.
    Asked,
    /// The command line cannot be used.
    Usage,
}

/// Parses the command line, or says what is wrong with it.
pub fn parse() -> Result<Command, Stop> {
    let parsed = parse_from(std::env::args_os().collect()).map(|args| args.command);
    parsed.map_err(|failure| match failure {
        Failure::Clap(failure) => {
            let stop = if failure.use_stderr() { Stop::Usage } else { Stop::Asked };
            let _ = failure.print();
            stop
        }
        Failure::Command(hint) => {
            error::print(&hint.into());
            Stop::Usage
        }
    })
}

/// Why there is nothing to run.
#[derive(Debug)]
enum Failure {
    /// Help, version, or an error that clap explains.
    Clap(clap::Error),
    /// A model where a command should be.
    Command(tfcensus::Error),
}

fn parse_from(words: Vec<OsString>) -> Result<Args, Failure> {
    Args::try_parse_from(&words).map_err(|failure| {
        let suggested = failure.get(ContextKind::SuggestedSubcommand).is_some();
        match (words.get(1), failure.kind()) {
            (Some(word), ErrorKind::InvalidSubcommand)
                if !suggested || looks_like_a_model(word) =>
            {
                Failure::Command(missing_command(word))
            }
            (Some(option), ErrorKind::UnknownArgument) if is_option_of_count(option) => {
                Failure::Command(early_option(option))
            }
            _ => Failure::Clap(failure),
        }
    })
}

/// An option of `count` where the command should be.
fn is_option_of_count(word: &OsString) -> bool {
    let text = word.to_string_lossy();
    let name = text.split('=').next().unwrap_or_default();
    let command = command();
    let mut options = command.find_subcommand("count").into_iter().flat_map(|c| c.get_arguments());
    options.any(|option| {
        let long = option.get_long().is_some_and(|long| name == format!("--{long}"));
        long || option.get_short().is_some_and(|short| name == format!("-{short}"))
    })
}

fn early_option(option: &OsString) -> tfcensus::Error {
    let option = option.to_string_lossy();
    tfcensus::Error::Usage {
        what: format!("{option} stands before the command"),
        advice: format!("write: tfcensus count MODEL {option}"),
    }
}

fn looks_like_a_model(word: &OsString) -> bool {
    let text = word.to_string_lossy();
    text.contains('/')
        || text.contains(".tar")
        || text.ends_with(".tgz")
        || Path::new(word).exists()
}

fn missing_command(model: &OsString) -> tfcensus::Error {
    let model = model.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-:@=+".contains(c);
    let model = match model.chars().all(plain) {
        true => model.into_owned(),
        false => format!("'{}'", model.replace('\'', "'\\''")),
    };
    tfcensus::Error::Usage {
        what: "there is no command before the model".into(),
        advice: format!("did you mean: tfcensus count {model}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn offers_count_where_a_model_stands_in_its_place() {
        let Err(Failure::Command(hint)) = parse_from(words("tfcensus ./my_model")) else {
            panic!("no hint");
        };
        assert_eq!(hint.advice(), "did you mean: tfcensus count ./my_model");
        let Err(Failure::Command(hint)) = parse_from(words("tfcensus bert")) else {
            panic!("no hint");
        };
        assert_eq!(hint.advice(), "did you mean: tfcensus count bert");
        assert!(matches!(parse_from(words("tfcensus cuont")), Err(Failure::Clap(_))));
    }

    #[test]
    fn an_option_before_the_command_is_told_where_it_belongs() {
        for option in ["--quiet", "-q", "--format=json"] {
            let Err(Failure::Command(hint)) = parse_from(vec!["tfcensus".into(), option.into()])
            else {
                panic!("no hint");
            };
            assert_eq!(hint.advice(), format!("write: tfcensus count MODEL {option}"));
        }
        assert!(matches!(parse_from(words("tfcensus --nonsense")), Err(Failure::Clap(_))));
    }

    #[test]
    fn turns_words_into_options() {
        let line = "tfcensus count m --tags serve,gpu --timeout 0 --memory-limit 4GiB";
        let Ok(Args { command: Command::Count(count) }) = parse_from(words(line)) else {
            panic!("not parsed");
        };
        let options = count.options();
        assert_eq!(options.tags, Some(vec!["serve".to_owned(), "gpu".to_owned()]));
        assert_eq!(options.timeout, None);
        assert_eq!(options.memory_limit, Some(4 << 30));
    }

    #[test]
    fn tells_an_empty_tag_set_from_none() {
        let parse = |tags: Option<&str>| {
            let mut line = words("tfcensus count m");
            line.extend(tags.map(|tags| format!("--tags={tags}").into()));
            match parse_from(line) {
                Ok(Args { command: Command::Count(count) }) => count.options().tags,
                _ => panic!("not parsed"),
            }
        };
        assert_eq!(parse(None), None);
        assert_eq!(parse(Some("")), Some(Vec::new()));
    }
}
