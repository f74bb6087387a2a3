//! The `.keras` archive that lies beside a model. It is pointed at, and never read unasked: nothing
//! says that it is of the same model.

use std::fs;
use std::path::{Path, PathBuf};

use super::model_folder::{parent_name, parent_of, version_number};
use crate::limits::MAX_FOLDER_NAMES;

/// The archive in the model's folder, or in the one above under the folder's name: `model.keras`
/// beside `model/`, also where `model/` holds versions.
pub(super) fn beside(dir: &Path) -> Option<PathBuf> {
    let mut folder = dir.to_path_buf();
    let mut name = parent_name(&folder).ok()??;
    let inside = [folder.clone(), folder.join("assets"), folder.join("assets.extra")];
    if let Some(found) = inside.iter().find_map(|folder| archive_in(folder, &name)) {
        return Some(found);
    }
    if version_number(&name).is_some() {
        folder = parent_of(&folder)?;
        name = parent_name(&folder).ok()??;
    }
    let named = format!("{name}.keras");
    [folder.join(&named), parent_of(&folder)?.join(&named)].into_iter().find(|path| path.is_file())
}

/// The archive of this name in a folder, else the first by name.
fn archive_in(folder: &Path, stem: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.take(MAX_FOLDER_NAMES).flatten();
    let archives = entries.map(|entry| entry.path());
    archives
        .filter(|path| path.extension().is_some_and(|end| end == "keras") && path.is_file())
        .min_by_key(|path| (path.file_stem().is_none_or(|s| s != stem), path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_archive_in_and_beside_a_model_and_its_versions() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("model/7/assets")).unwrap();
        fs::create_dir_all(at("other")).unwrap();
        fs::create_dir_all(at("other.keras")).unwrap();
        let places =
            ["model.keras", "model/model.keras", "model/7/assets/z.keras", "model/7/b.keras"];
        assert_eq!(beside(&at("model/7")), None);
        for place in places {
            fs::write(at(place), "").unwrap();
            assert_eq!(beside(&at("model/7")), Some(at(place)));
        }
        fs::write(at("model/7/a.keras"), "").unwrap();
        assert_eq!(beside(&at("model/7")), Some(at("model/7/a.keras")));
        fs::write(at("model/7/7.keras"), "").unwrap();
        assert_eq!(beside(&at("model/7")), Some(at("model/7/7.keras")));
        assert_eq!(beside(&at("model")), Some(at("model/model.keras")));
        assert_eq!(beside(&at("other")), None, "a folder is no archive");
    }
}
