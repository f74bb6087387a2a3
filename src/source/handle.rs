//! Handles and addresses: what a model is called where it is published.
//!
//! Input: text. Output: a [`Handle`], or `None` where the text can only be a path.

use super::environment::KAGGLE_URL;

/// Frameworks in Kaggle's model handles, in lower case. A path of four or five names is taken
/// for a handle only with one of these in it.
const FRAMEWORKS: [&str; 14] = [
    "tensorflow1",
    "tensorflow2",
    "keras",
    "tflite",
    "tfjs",
    "pytorch",
    "jax",
    "flax",
    "coral",
    "onnx",
    "transformers",
    "litert",
    "api",
    "other",
];

/// What was given, where it is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Handle {
    /// An `http(s)` address: of tfhub.dev, of a Kaggle model in the form that `tensorflow_hub`
    /// takes, or of an archive.
    Url(String),
    /// A `gs://` address of an archive or a folder.
    Gs(String),
    /// A model on Kaggle.
    Kaggle(KaggleHandle),
    /// A repository on Hugging Face, and a revision. Only looked for in the cache.
    HuggingFace(String, Option<String>),
}

/// `owner/model/framework/variation[/version]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KaggleHandle {
    pub owner: String,
    pub model: String,
    pub framework: String,
    pub variation: String,
    pub version: Option<u64>,
}

impl KaggleHandle {
    /// `owner/model/framework/variation`.
    pub fn unversioned(&self) -> String {
        format!("{}/{}/{}/{}", self.owner, self.model, self.framework, self.variation)
    }

    /// The page that a person can open.
    pub fn page(&self) -> String {
        let version = self.version.map(|v| format!("/{v}")).unwrap_or_default();
        format!("{KAGGLE_URL}/models/{}{version}", self.unversioned())
    }
}

impl Handle {
    /// Reads `text`. Forms that could be a path too are handles only where `exists` says that no
    /// such path is there.
    pub fn parse(text: &str, exists: impl Fn() -> bool) -> Option<Handle> {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return Some(of_address(text));
        }
        if lower.starts_with("gs://") {
            return Some(Handle::Gs(text.into()));
        }
        if let Some(rest) = text.strip_prefix("kaggle://") {
            return kaggle(rest.trim_matches('/')).map(Handle::Kaggle);
        }
        if let Some(rest) = text.strip_prefix("hf://") {
            return hugging_face(rest);
        }
        if exists() {
            return None;
        }
        for host in ["tfhub.dev/", "www.kaggle.com/models/", "kaggle.com/models/"] {
            if text.starts_with(host) {
                return Some(of_address(&format!("https://{text}")));
            }
        }
        let known = |k: &KaggleHandle| FRAMEWORKS.contains(&&*k.framework.to_ascii_lowercase());
        kaggle(text).filter(known).map(Handle::Kaggle)
    }
}

/// The model that an address of Kaggle's names, in either of its forms.
pub(super) fn kaggle_page(url: &str) -> Option<KaggleHandle> {
    let rest = ["https://www.kaggle.com", "https://kaggle.com", "http://www.kaggle.com"]
        .iter()
        .find_map(|host| url.strip_prefix(host))?
        .strip_prefix("/models/")?;
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [owner, model, "frameworks", framework, "variations", variation] => {
            kaggle(&[*owner, *model, *framework, *variation].join("/"))
        }
        [owner, model, "frameworks", framework, "variations", variation, "versions", version] => {
            kaggle(&[*owner, *model, *framework, *variation, *version].join("/"))
        }
        _ => kaggle(path),
    }
}

fn of_address(url: &str) -> Handle {
    if let Some(rest) = url.strip_prefix("https://huggingface.co/")
        && !rest.contains("/resolve/")
        && let Some(handle) = hugging_face(&rest.replacen("/tree/", "@", 1))
    {
        return handle;
    }
    // `tensorflow_hub` does not know the longer form of Kaggle's pages; `kagglehub` knows none.
    match kaggle_page(url) {
        Some(handle) if url.contains("/frameworks/") => Handle::Kaggle(handle),
        _ => Handle::Url(url.into()),
    }
}

fn kaggle(text: &str) -> Option<KaggleHandle> {
    let parts: Vec<&str> = text.split('/').collect();
    let (four, version) = match parts.as_slice() {
        [a, b, c, d] => ([a, b, c, d], None),
        [a, b, c, d, e] => ([a, b, c, d], Some(e.parse::<u64>().ok().filter(|v| *v > 0)?)),
        _ => return None,
    };
    if !four.iter().all(|part| is_slug(part)) {
        return None;
    }
    let [owner, model, framework, variation] = four.map(|part| (*part).to_owned());
    Some(KaggleHandle { owner, model, framework, variation, version })
}

fn hugging_face(text: &str) -> Option<Handle> {
    let text = text.trim_end_matches('/');
    let (repo, revision) = match text.split_once('@') {
        Some((repo, revision)) => (repo, Some(revision.to_owned())),
        None => (text, None),
    };
    let parts: Vec<&str> = repo.split('/').collect();
    let whole = (1..=2).contains(&parts.len()) && parts.iter().all(|part| is_slug(part));
    // A revision becomes part of a path.
    let inside = revision.as_deref().is_none_or(|r| r.split('/').all(is_slug));
    (whole && inside).then(|| Handle::HuggingFace(repo.into(), revision))
}

/// Whether a part of a handle is a plain name, safe as the name of a folder.
fn is_slug(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Handle> {
        Handle::parse(text, || false)
    }

    fn yamnet(version: Option<u64>) -> Handle {
        Handle::Kaggle(KaggleHandle {
            owner: "google".into(),
            model: "yamnet".into(),
            framework: "tensorFlow2".into(),
            variation: "yamnet".into(),
            version,
        })
    }

    #[test]
    fn reads_every_form_of_a_kaggle_handle() {
        let short = "google/yamnet/tensorFlow2/yamnet";
        assert_eq!(parse(short), Some(yamnet(None)));
        assert_eq!(parse(&format!("{short}/1")), Some(yamnet(Some(1))));
        assert_eq!(parse(&format!("kaggle://{short}/1")), Some(yamnet(Some(1))));
        let long = "google/yamnet/frameworks/tensorFlow2/variations/yamnet";
        let page = "https://www.kaggle.com/models";
        assert_eq!(parse(&format!("{page}/{long}")), Some(yamnet(None)));
        assert_eq!(parse(&format!("{page}/{long}/versions/3?tab=x")), Some(yamnet(Some(3))));
        // The form that tensorflow_hub takes stays an address, since its cache goes by that.
        let url = format!("{page}/{short}/1");
        assert_eq!(parse(&url), Some(Handle::Url(url.clone())));
        assert_eq!(kaggle_page(&url).map(Handle::Kaggle), Some(yamnet(Some(1))));
    }

    #[test]
    fn leaves_paths_alone() {
        for path in ["a/b/c/d", "./google/yamnet/tensorFlow2/x", "a/b/keras/../d", "model", "/a/b"]
        {
            assert_eq!(parse(path), None, "{path}");
        }
        let short = "google/yamnet/tensorFlow2/yamnet";
        assert_eq!(Handle::parse(short, || true), None, "an existing path wins");
        assert_eq!(parse(&format!("{short}/latest")), None);
        assert_eq!(parse("kaggle://a/../b/c"), None);
    }

    #[test]
    fn reads_addresses_with_and_without_a_scheme() {
        let url = "https://tfhub.dev/google/nnlm-en-dim128/2";
        assert_eq!(parse(url), Some(Handle::Url(url.into())));
        assert_eq!(parse("tfhub.dev/google/nnlm-en-dim128/2"), Some(Handle::Url(url.into())));
        assert_eq!(parse("gs://b/m.tar.gz"), Some(Handle::Gs("gs://b/m.tar.gz".into())));
    }

    #[test]
    fn reads_hugging_face_names() {
        let repo = |revision: Option<&str>| {
            Some(Handle::HuggingFace("org/name".into(), revision.map(str::to_owned)))
        };
        assert_eq!(parse("hf://org/name"), repo(None));
        assert_eq!(parse("hf://org/name@main"), repo(Some("main")));
        assert_eq!(parse("https://huggingface.co/org/name/tree/v1.0"), repo(Some("v1.0")));
        assert_eq!(parse("hf://org/name@../../x"), None);
        let file = "https://huggingface.co/org/name/resolve/main/m.tar.gz";
        assert_eq!(parse(file), Some(Handle::Url(file.into())));
    }
}
