//! What is generated from the command line: completions and manual pages.

use super::command_line::{CompletionsArgs, ManArgs, command};

/// The completions for this shell.
pub fn completions(args: &CompletionsArgs) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "tfcensus", &mut script);
    script
}

/// The manual page of the program, or of one command.
pub fn manual(args: &ManArgs) -> anyhow::Result<Vec<u8>> {
    let mut page = command();
    page.build();
    if let Some(name) = &args.command {
        let found = page.find_subcommand(name).cloned();
        page = found.ok_or_else(|| tfcensus::Error::Usage {
            what: format!("there is no command '{name}'"),
            advice: "tfcensus --help lists the commands".into(),
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Ok(text)
}
