//! Folders in Google's storage, which `gs://` addresses name.
//!
//! Source: <https://cloud.google.com/storage/docs/json_api/v1/objects/list>.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::checksums::Checksums;
use super::client::Client;
use super::file::{Downloaded, Part, download};
use crate::limits::{MAX_STORAGE_FILES, MAX_STORAGE_PAGES};
use crate::source::environment::GCS_URL;
use crate::source::remote::{escaped, object_url};
use crate::{Error, Observer, Progress, Result};

/// One page of a listing.
#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(rename = "nextPageToken")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    #[serde(rename = "md5Hash")]
    md5: Option<String>,
    crc32c: Option<String>,
}

/// Downloads every file of the folder at `bucket`/`path` to `dest`.
pub(super) fn fetch_folder(
    client: &Client<'_>,
    (bucket, path): (&str, &str),
    dest: &Path,
    observer: &dyn Observer,
) -> Result<()> {
    let items = list(client, bucket, path)?;
    if items.is_empty() {
        return Err(client.error(
            format!("there is no file below gs://{bucket}/{path}"),
            "check the address; a folder that is not public cannot be listed",
        ));
    }
    for (n, item) in items.iter().enumerate() {
        let inside = item.name.strip_prefix(path).unwrap_or_default().trim_start_matches('/');
        if inside.is_empty() || inside.ends_with('/') {
            continue;
        }
        if inside.split('/').any(|part| matches!(part, "" | "." | "..")) || inside.contains('\0') {
            let what = format!("the storage holds a file with an odd name: `{}`", item.name);
            return Err(client.error(what, "get the model in another way"));
        }
        observer.notice(Progress::Step(format!(
            "downloading {} ({}/{})",
            inside,
            n + 1,
            items.len()
        )));
        let file = dest.join(inside);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
        }
        let part = Part::at(file.clone());
        match download(client, &object_url(bucket, &item.name), &part, observer)? {
            Downloaded::Whole => part.remove_state(),
            Downloaded::Storage(_) => {
                return Err(client.error("the storage points elsewhere", ""));
            }
        }
        let sums = Checksums::stated(item.md5.clone(), item.crc32c.clone());
        let checked = sums.check(&file).map_err(|e| Error::io("read", &file, e))?;
        checked
            .map_err(|what| client.error(format!("`{inside}` is damaged: {what}"), "try again"))?;
    }
    Ok(())
}

fn list(client: &Client<'_>, bucket: &str, path: &str) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut token = String::new();
    let prefix = escaped(&format!("{path}/"), false);
    for _ in 0..MAX_STORAGE_PAGES {
        let mut url = format!("{GCS_URL}/storage/v1/b/{bucket}/o?prefix={prefix}");
        if !token.is_empty() {
            url = format!("{url}&pageToken={}", escaped(&token, false));
        }
        let page: Listing = serde_json::from_str(&client.text(&url)?)
            .map_err(|e| client.error(format!("the storage's listing cannot be read: {e}"), ""))?;
        items.extend(page.items);
        if items.len() > MAX_STORAGE_FILES {
            let what =
                format!("there are more than {MAX_STORAGE_FILES} files below gs://{bucket}/{path}");
            return Err(client.error(what, "give the model's own folder"));
        }
        match page.next.filter(|next| !next.is_empty()) {
            Some(next) => token = next,
            None => return Ok(items),
        }
    }
    Err(client.error("the storage's listing does not end", ""))
}
