//! Addresses taken apart and put together: origins, redirects' targets, proxies.

use ureq::Proxy;
use ureq::http::Uri;

use crate::source::environment::TFHUB_URL;
use crate::source::handle::kaggle_page;

/// Scheme, host and port of an address.
#[derive(PartialEq, Eq)]
pub(super) struct Origin {
    pub scheme: String,
    pub host: String,
    pub port: u16,
}

impl Origin {
    pub fn of(url: &str) -> Option<Origin> {
        let uri: Uri = url.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        Some(Origin { host: uri.host()?.to_ascii_lowercase(), scheme, port })
    }

    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// A redirect's target, which may be relative. Only `http` and `https` are followed.
pub(super) fn joined(from: &str, location: &str) -> Option<String> {
    let lower = location.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Some(location.to_owned());
    }
    let (scheme, rest) = from.split_once("://")?;
    if let Some(rest) = location.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(path_at);
    if location.starts_with('/') {
        return Some(format!("{scheme}://{host}{location}"));
    }
    if location.split(['/', '?']).next()?.contains(':') {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
    Some(format!("{scheme}://{host}{folder}{location}"))
}

/// `/models?tfhub-redirect=true`: Kaggle's search, where tfhub.dev sends what it does not know.
pub(super) fn is_model_search(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    path.trim_end_matches('/') == "models" && query.contains("tfhub-redirect=true")
}

pub(super) fn without_version(page: &str) -> &str {
    match page.rsplit_once('/') {
        Some((start, last)) if last.bytes().all(|b| b.is_ascii_digit()) => start,
        _ => page,
    }
}

/// The proxy for an address, by the usual variables. The client's own reading of them would send
/// requests without encryption through `HTTPS_PROXY` too.
pub(super) fn proxy_for(url: &str) -> Result<Option<Proxy>, String> {
    let Some(origin) = Origin::of(url) else { return Ok(None) };
    let var = |names: &[&str]| {
        names.iter().find_map(|n| std::env::var(n).ok().filter(|value| !value.is_empty()))
    };
    if origin.is_loopback()
        || is_excepted(&origin, &var(&["NO_PROXY", "no_proxy"]).unwrap_or_default())
    {
        return Ok(None);
    }
    let proxy = match origin.scheme.as_str() {
        "https" => var(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        // HTTP_PROXY in capitals may come from a request's header where programs run as CGI.
        _ => var(&["http_proxy", "ALL_PROXY", "all_proxy"]),
    };
    proxy
        .map(|p| Proxy::new(&p).map_err(|e| format!("the proxy's address is wrong: {e}")))
        .transpose()
}

/// Whether `NO_PROXY` names a host: `*`, a name, `.suffix`, `name:port`.
fn is_excepted(origin: &Origin, list: &str) -> bool {
    list.split(',').map(str::trim).filter(|rule| !rule.is_empty()).any(|rule| {
        let rule = rule.to_ascii_lowercase();
        let (name, port) = match rule.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') => (name, port.parse::<u16>().ok()),
            _ => (rule.as_str(), None),
        };
        let name = name.trim_start_matches('*').trim_start_matches('.');
        let named = name.is_empty()
            || origin.host == name
            || origin.host.strip_suffix(name).is_some_and(|start| start.ends_with('.'));
        named && port.is_none_or(|port| port == origin.port)
    })
}

/// The page about an address that a person can open: the address without what only servers read.
pub(super) fn page_of(url: &str) -> String {
    match kaggle_page(url) {
        Some(handle) => handle.page(),
        None => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

/// `publisher/model` of a tfhub.dev address.
pub(super) fn tfhub_name(url: &str) -> Option<String> {
    let rest = url.strip_prefix(TFHUB_URL)?.trim_matches('/');
    let rest = rest.split(['?', '#']).next()?;
    let mut parts: Vec<&str> = rest.split('/').collect();
    if parts.last().is_some_and(|last| last.parse::<u64>().is_ok()) {
        parts.pop();
    }
    (parts.len() >= 2).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_redirects() {
        let from = "https://a.b/c/d?e";
        for (location, to) in [
            ("https://x/y", Some("https://x/y")),
            ("//x/y", Some("https://x/y")),
            ("/y?z", Some("https://a.b/y?z")),
            ("y", Some("https://a.b/c/y")),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(joined(from, location).as_deref(), to, "{location}");
        }
        assert_eq!(joined("https://a.b", "y").as_deref(), Some("https://a.b/y"));
    }

    #[test]
    fn knows_where_models_that_never_moved_end_up() {
        assert!(is_model_search("https://www.kaggle.com/models?tfhub-redirect=true"));
        assert!(!is_model_search("https://www.kaggle.com/models/google/x?tfhub-redirect=true"));
    }

    #[test]
    fn leaves_out_hosts_that_no_proxy_names() {
        let origin = Origin::of("https://api.corp.example:8443/").unwrap();
        for rule in
            ["*", "corp.example", ".corp.example", "x, api.corp.example", "*.corp.example:8443"]
        {
            assert!(is_excepted(&origin, rule), "{rule}");
        }
        for rule in ["", "orp.example", "corp.example:443", "corp.example.org"] {
            assert!(!is_excepted(&origin, rule), "{rule}");
        }
    }

    #[test]
    fn names_a_model_of_tfhub_without_its_version() {
        let name = tfhub_name("https://tfhub.dev/google/nnlm-en-dim128/2");
        assert_eq!(name.as_deref(), Some("google/nnlm-en-dim128"));
    }
}
