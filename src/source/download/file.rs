//! One file, downloaded until it is whole: continued after every break, also by the next process.
//!
//! Beside the part file lies `<part>.json`, which says which version of the remote file the bytes
//! are of. Without a strong validator, or when the server has another version, it starts anew.
//! Source: RFC 9110, sections 13.1.5 (If-Range), 14.2 (Range) and 15.3.7 (206).

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checksums::Checksums;
use super::client::{Answer, Client, Failure, Reply};
use crate::limits::{MAX_DOWNLOAD_BYTES, MAX_DOWNLOAD_STATE_BYTES, MAX_WRONG_DOWNLOADS};
use crate::regular_file;
use crate::source::cache_place::with_suffix;
use crate::{Error, Observer, Progress, Result};

/// A file on its way.
pub(super) struct Part {
    file: PathBuf,
    state_file: PathBuf,
}

/// What is known of the remote file that a part belongs to.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    url: String,
    /// A strong ETag, or else the time of the last change.
    validator: Option<String>,
    total: Option<u64>,
    checksums: Checksums,
}

/// What a download came to.
pub(super) enum Downloaded {
    /// The part file is whole and matches its checksums.
    Whole,
    /// There is no file; the model is here, in the storage.
    Storage(String),
}

impl Part {
    pub fn at(file: PathBuf) -> Part {
        Part { state_file: with_suffix(&file, ".json"), file }
    }

    /// The file with the bytes so far.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Whether nothing has arrived yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the part. The file stays: it may have a second name that others watch.
    fn reset(&self) {
        if let Ok(file) = File::options().write(true).open(&self.file) {
            let _ = file.set_len(0);
        }
        self.remove_state();
    }

    /// Removes the part and its description.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.file);
        let _ = fs::remove_file(&self.state_file);
    }

    /// Removes the description alone: the file is whole and stays.
    pub fn remove_state(&self) {
        let _ = fs::remove_file(&self.state_file);
    }

    fn state(&self) -> State {
        let mut bytes = Vec::new();
        let read = regular_file::open(&self.state_file)
            .and_then(|file| file.take(MAX_DOWNLOAD_STATE_BYTES).read_to_end(&mut bytes));
        read.ok().and_then(|_| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn set_state(&self, state: &State) -> Result<()> {
        let failed = |e| Error::io("write", &self.state_file, e);
        let text = serde_json::to_vec(state).map_err(|e| failed(e.into()))?;
        fs::write(&self.state_file, text).map_err(failed)
    }

    fn len(&self) -> u64 {
        fs::metadata(&self.file).map_or(0, |meta| meta.len())
    }
}

/// Gets `url` into `part`, whatever is there already.
pub(super) fn download(
    client: &Client<'_>,
    url: &str,
    part: &Part,
    observer: &dyn Observer,
) -> Result<Downloaded> {
    let (mut failures, mut wrong) = (0, 0);
    // The most that was ever there: a server that starts anew each time makes no progress.
    let mut most = part.len();
    loop {
        match attempt(client, url, part, observer) {
            Ok(Step::Storage(address)) => return Ok(Downloaded::Storage(address)),
            Ok(Step::Whole) => {
                let checked = part.state().checksums.check(part.path());
                match checked.map_err(|e| Error::io("read", part.path(), e))? {
                    Ok(()) => return Ok(Downloaded::Whole),
                    Err(what) => {
                        part.reset();
                        wrong += 1;
                        if wrong >= MAX_WRONG_DOWNLOADS {
                            return Err(client.error(
                                format!("the download is damaged: {what}"),
                                "try again later, or over another connection",
                            ));
                        }
                    }
                }
            }
            Err(failure) => {
                if part.len() > most {
                    most = part.len();
                    failures = 0;
                }
                client.wait_or_fail(failure, &mut failures)?;
            }
        }
    }
}

enum Step {
    Whole,
    Storage(String),
}

fn attempt(
    client: &Client<'_>,
    url: &str,
    part: &Part,
    observer: &dyn Observer,
) -> Result<Step, Failure> {
    let mut state = part.state();
    let mut have = part.len();
    if state.url != url || state.validator.is_none() {
        part.reset();
        (state, have) = (State::default(), 0);
    }
    if have > 0 && state.total == Some(have) {
        return Ok(Step::Whole);
    }
    let mut headers = Vec::new();
    if let (true, Some(validator)) = (have > 0, &state.validator) {
        headers.push(("Range", format!("bytes={have}-")));
        headers.push(("If-Range", validator.clone()));
    }
    let answer = match client.get(url, &headers)? {
        Reply::Storage(address) => return Ok(Step::Storage(address)),
        Reply::OutOfRange => {
            part.reset();
            return Err(Failure::Passing("the server has other bytes than before".into(), None));
        }
        Reply::Answer(answer) => answer,
    };
    let body_len = answer.header("Content-Length").and_then(|v| v.trim().parse::<u64>().ok());
    if answer.status == 206 {
        if content_range(&answer) != Some((have, state.total)) {
            part.reset();
            let what = "the server continues at another byte than was asked for";
            return Err(Failure::Passing(what.into(), None));
        }
    } else {
        refuse_pages(client, &answer)?;
        have = 0;
        state = State {
            url: url.to_owned(),
            validator: validator(&answer),
            total: body_len,
            checksums: Checksums::of(&answer.head.headers),
        };
        part.set_state(&state).map_err(Failure::Final)?;
    }
    if state.total.is_some_and(|total| total > MAX_DOWNLOAD_BYTES) {
        return Err(Failure::Final(too_long(client)));
    }
    receive(client, answer, part, have, state.total, observer)?;
    match state.total {
        Some(total) if part.len() != total => {
            let what = format!("the answer ended at byte {} of {total}", part.len());
            Err(Failure::Passing(what, None))
        }
        _ => Ok(Step::Whole),
    }
}

/// Appends the body to the part from byte `have` on.
fn receive(
    client: &Client<'_>,
    answer: Answer,
    part: &Part,
    have: u64,
    total: Option<u64>,
    observer: &dyn Observer,
) -> Result<(), Failure> {
    let failed = |e| Failure::Final(Error::io("write", part.path(), e));
    // Not created anew: another name of this file shows others that the download moves.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(part.path())
        .map_err(failed)?;
    file.set_len(have).map_err(failed)?;
    file.seek(SeekFrom::Start(have)).map_err(failed)?;
    let mut body = answer.body.into_with_config().limit(MAX_DOWNLOAD_BYTES).reader();
    let mut buffer = vec![0; 256 * 1024];
    let mut done = have;
    loop {
        observer.notice(Progress::Bytes { done, total: total.unwrap_or(0) });
        let got = body.read(&mut buffer).map_err(|e| {
            Failure::Passing(format!("the answer broke off at byte {done}: {e}"), None)
        })?;
        if got == 0 {
            return Ok(());
        }
        done = done.saturating_add(got as u64);
        if done > MAX_DOWNLOAD_BYTES {
            return Err(Failure::Final(too_long(client)));
        }
        file.write_all(buffer.get(..got).unwrap_or_default()).map_err(failed)?;
    }
}

fn too_long(client: &Client<'_>) -> Error {
    client.error(
        format!("the download is longer than {MAX_DOWNLOAD_BYTES} bytes"),
        "get it in another way",
    )
}

/// A page with status 200 is a login, a licence or an excuse; never a model.
fn refuse_pages(client: &Client<'_>, answer: &Answer) -> Result<(), Failure> {
    let kind = answer.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("text/html") {
        let page = super::address::page_of(&client.given);
        return Err(Failure::Final(client.error(
            "the server answers with a web page instead of a model",
            format!("open {page} in a browser: it may ask to sign in or to accept a licence"),
        )));
    }
    Ok(())
}

/// First byte and whole length of a partial answer.
fn content_range(answer: &Answer) -> Option<(u64, Option<u64>)> {
    let range = answer.header("Content-Range")?.trim().strip_prefix("bytes ")?;
    let (bytes, total) = range.split_once('/')?;
    let first = bytes.split_once('-')?.0.parse().ok()?;
    Some((first, total.parse().ok()))
}

/// What names this version of the remote file so well that bytes of it may be put together.
fn validator(answer: &Answer) -> Option<String> {
    let strong = answer.header("ETag").filter(|tag| tag.starts_with('"'));
    strong.or_else(|| answer.header("Last-Modified")).map(str::to_owned)
}
