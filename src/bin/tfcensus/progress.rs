//! Progress on stderr, where it is a terminal, and notes. Never on stdout.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tfcensus::render::escape_for_terminal as escape;
use tfcensus::{Observer, Progress};

/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Shows steps as a spinner and bytes as a bar with speed and time left.
pub struct Display {
    // `None` once cleared, and where stderr is no terminal.
    bar: Mutex<Option<ProgressBar>>,
    notes: bool,
}

impl Display {
    /// A display on stderr.
    pub fn new() -> Display {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let shown = io::stderr().is_terminal() && !dumb;
        let bar = shown.then(|| {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(None, target).with_style(spinner());
            bar.enable_steady_tick(TICK);
            bar
        });
        Display { bar: Mutex::new(bar), notes: true }
    }

    /// The same without notes, for output that is a single number.
    pub fn without_notes(self) -> Display {
        Display { notes: false, bar: Mutex::new(self.lock().take()) }
    }

    /// Takes the display off the screen for good; data may be written then.
    pub fn clear(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        // A panic elsewhere leaves a bar that is as good as before.
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Observer for Display {
    fn notice(&self, progress: Progress) {
        let guard = self.lock();
        let bar = guard.as_ref();
        match progress {
            Progress::Step(text) => {
                let Some(bar) = bar else { return };
                bar.unset_length();
                bar.set_style(spinner());
                bar.set_message(escape(&text).into_owned());
            }
            Progress::Bytes { done, total } => {
                let Some(bar) = bar else { return };
                if total > 0 && bar.length() != Some(total) {
                    bar.set_length(total);
                    bar.set_style(bytes());
                    bar.reset_eta();
                }
                bar.set_position(done);
            }
            Progress::Done => {
                let Some(bar) = bar else { return };
                bar.unset_length();
                bar.set_style(spinner());
                bar.set_message("");
            }
            Progress::Note(text) if self.notes => say(bar, &format!("note: {}", escape(&text))),
            Progress::Note(_) => {}
            Progress::LibraryOutput(line) => say(bar, &escape(&line)),
            // An event of a newer library.
            _ => {}
        }
    }
}

/// Writes a line that stays, above the display.
fn say(bar: Option<&ProgressBar>, line: &str) {
    let print = || drop(writeln!(io::stderr(), "{line}"));
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

fn spinner() -> ProgressStyle {
    style("{spinner} {wide_msg}")
}

fn bytes() -> ProgressStyle {
    style("{spinner} {wide_msg} [{bar:16}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}")
        .progress_chars("=> ")
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
