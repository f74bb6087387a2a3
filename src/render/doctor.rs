//! What a search for a libtensorflow found, for a terminal.

use std::io::{self, Write};
use std::path::Path;

use crate::model::{Doctor, DoctorLibrary, DoctorPlace};

use super::escape::terminal as escape;

/// How to get a library, where there is none that can be used.
const ADVICE: &str = "
To get a library, any of these will do:
  pip install tensorflow-cpu            (tfcensus finds it in the active environment)
  tfcensus count MODEL --libtensorflow PATH   (a file, or a folder that holds it)
  TENSORFLOW_DIR=PATH tfcensus count MODEL
Without one, tfcensus count MODEL --runtime off counts from the files alone.
";

/// Writes the library, the places that were looked at, and advice where no session can be had.
pub fn write(doctor: &Doctor, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "tfcensus {}\n", env!("CARGO_PKG_VERSION"))?;
    match &doctor.library {
        Some(found) => library(found, out)?,
        None => writeln!(out, "libtensorflow   none was found")?,
    }
    writeln!(out, "\nPlaces, in the order in which they are looked at:")?;
    doctor.places.iter().try_for_each(|looked_at| place(looked_at, out))?;
    if doctor.library.is_some() {
        writeln!(out, "  The first hit wins; places after it were not looked at.")?;
    }
    if !doctor.is_usable() {
        out.write_all(ADVICE.as_bytes())?;
    }
    Ok(())
}

fn library(library: &DoctorLibrary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "libtensorflow   {}", shown(&library.path))?;
    if let Some(framework) = &library.framework {
        writeln!(out, "  framework     {}", shown(framework))?;
    }
    if let Some(version) = &library.version {
        writeln!(out, "  version       {}", escape(version))?;
    }
    if let Some(sandbox) = library.sandbox {
        let lacks = escape(&library.sandbox_lacks);
        let lacks = if lacks.is_empty() { lacks } else { format!(" ({lacks})").into() };
        writeln!(out, "  sandbox       {sandbox}{lacks}")?;
    }
    match &library.problem {
        None => writeln!(out, "  usable        yes"),
        Some(problem) => {
            writeln!(out, "  usable        no: {}", escape(problem))?;
            let mut lines = library.stderr_lines.iter();
            lines.try_for_each(|line| writeln!(out, "                {}", escape(line)))
        }
    }
}

fn place(place: &DoctorPlace, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {:<20} {}", place.name, escape(&place.outcome))?;
    match place.path.as_deref().map(shown).filter(|path| !path.is_empty()) {
        Some(path) => writeln!(out, "  {:<20}   {path}", ""),
        None => Ok(()),
    }
}

fn shown(path: &Path) -> String {
    escape(&path.display().to_string()).into_owned()
}
