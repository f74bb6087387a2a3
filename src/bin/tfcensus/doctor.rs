//! `tfcensus doctor`: which libtensorflow a census would use, and every place that is looked at.

use std::fmt::Write as _;

use tfcensus::evidence::runtime::{self, Limits, Location};
use tfcensus::render::escape::terminal as escape;
use tfcensus::{Observer, Options};

/// What the doctor says, and whether a session can be had.
pub fn examine(options: &Options, observer: &dyn Observer) -> (String, bool) {
    let location = runtime::locate(options.libtensorflow.as_deref());
    let mut out = format!("tfcensus {}\n\n", env!("CARGO_PKG_VERSION"));
    let works = describe_library(&mut out, &location, options, observer);
    describe_places(&mut out, &location);
    if !works {
        out.push_str(
            "\nTo get a library, any of these will do:\n  \
             pip install tensorflow-cpu            (tfcensus finds it in the active environment)\n  \
             tfcensus count MODEL --libtensorflow PATH   (a file, or a folder that holds it)\n  \
             TENSORFLOW_DIR=PATH tfcensus count MODEL\n\
             Without one, tfcensus count MODEL --runtime off counts from the files alone.\n",
        );
    }
    (out, works)
}

// Writing to a string cannot fail, so the results of `writeln!` are not looked at.

fn describe_library(
    out: &mut String,
    location: &Location,
    options: &Options,
    observer: &dyn Observer,
) -> bool {
    let Some(library) = &location.library else {
        out.push_str("libtensorflow   none was found\n");
        return false;
    };
    let _ = writeln!(out, "libtensorflow   {}", escape(&library.display().to_string()));
    if let Some(framework) = &location.framework {
        let _ = writeln!(out, "  framework     {}", escape(&framework.display().to_string()));
    }
    match runtime::probe(location, &Limits::of(options, observer)) {
        Ok(version) => {
            let _ = writeln!(out, "  version       {}", escape(&version));
            let _ = writeln!(out, "  usable        yes");
            true
        }
        Err(failure) => {
            let _ = writeln!(out, "  usable        no: {}", escape(&failure.message));
            for line in &failure.stderr_lines {
                let _ = writeln!(out, "                {}", escape(line));
            }
            false
        }
    }
}

fn describe_places(out: &mut String, location: &Location) {
    out.push_str("\nPlaces, in the order in which they are looked at:\n");
    for tried in &location.tried {
        let place = tried.place.to_string();
        let path = tried.path.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
        let _ = writeln!(out, "  {place:<20} {}", escape(&tried.outcome.to_string()));
        if !path.is_empty() {
            let _ = writeln!(out, "  {:<20}   {}", "", escape(&path));
        }
    }
    if location.library.is_some() {
        out.push_str("  The first hit wins; places after it were not looked at.\n");
    }
}
