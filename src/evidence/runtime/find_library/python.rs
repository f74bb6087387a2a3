//! The folder from which `python3` would import TensorFlow, which `python3` itself says.
//!
//! Only Python knows its own path: environments, `.pth` files and user folders all change it. An
//! import would take seconds and run the package, so Python only looks for it.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::place::Outcome;
use crate::limits::MAX_PYTHON_ANSWER_BYTES;

/// How long Python may take to start and answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// `find_spec` of a top-level name finds the package and imports nothing.
const QUESTION: &str = "import importlib.util, os, sys
spec = importlib.util.find_spec('tensorflow')
for folder in (spec.submodule_search_locations or []) if spec else []:
    sys.stdout.buffer.write(os.fsencode(folder) + b'\\0')";

/// The folders of the `tensorflow` package; none where Python has no such package.
pub(super) fn folders_of_tensorflow(path: Option<&OsString>) -> Result<Vec<PathBuf>, Outcome> {
    let Some(path) = path else { return Err(Outcome::Unset) };
    let spawned = Command::new("python3")
        .args(["-c", QUESTION])
        .env("PATH", path)
        // Python imports from the current folder first, which may be that of a model from a
        // stranger.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut python = match spawned {
        Ok(python) => python,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Outcome::Unset),
        Err(error) => return Err(Outcome::Unusable(error.to_string())),
    };
    let Some(stdout) = python.stdout.take() else { return Ok(Vec::new()) };
    let reader = std::thread::spawn(move || {
        let mut answer = Vec::new();
        let _ = stdout.take(MAX_PYTHON_ANSWER_BYTES).read_to_end(&mut answer);
        answer
    });
    if !ends_in_time(&mut python) {
        return Err(Outcome::Unusable(format!("gave no answer in {} s", PATIENCE.as_secs())));
    }
    let answer = reader.join().unwrap_or_default();
    let folders = answer.split(|byte| *byte == 0).filter(|folder| !folder.is_empty());
    Ok(folders.map(|folder| PathBuf::from(OsString::from_vec(folder.to_vec()))).collect())
}

/// Waits for the process to end, and kills it at the deadline.
fn ends_in_time(python: &mut Child) -> bool {
    let until = Instant::now() + PATIENCE;
    loop {
        match python.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = python.kill();
                let _ = python.wait();
                return false;
            }
        }
    }
}
