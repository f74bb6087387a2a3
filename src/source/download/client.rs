//! One HTTP request, with its redirects followed by hand: credentials must not travel with them,
//! mirrors replace their targets too, and tfhub.dev answers with more than status codes.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::super::resolve_options::Patience;
use super::address::{
    Origin, is_model_search, joined, page_of, proxy_for, tfhub_name, without_version,
};
use crate::Error;
use crate::limits::{MAX_ANSWER_BYTES, MAX_REDIRECTS, MAX_RETRY_AFTER};
use crate::source::environment::{Credentials, GCS_URL, KAGGLE_URL, Places, TFHUB_URL};

/// Asks servers.
pub(super) struct Client<'a> {
    places: &'a Places,
    agent: Agent,
    pub patience: Patience,
    /// What the user gave, for errors.
    pub given: String,
}

/// An answer with a body to read: status 200 or 206.
pub(super) struct Answer {
    pub status: u16,
    pub head: ureq::http::response::Parts,
    pub body: Body,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }
}

/// What a request led to.
pub(super) enum Reply {
    Answer(Answer),
    /// A 303 whose body is a `gs://` address. Source: tensorflow_hub's
    /// uncompressed_module_resolver.py.
    Storage(String),
    /// 416: there is nothing beyond what the range asks for.
    OutOfRange,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Asking again may help, after this long if the server says so.
    Passing(String, Option<Duration>),
    /// It will not.
    Final(Error),
}

impl<'a> Client<'a> {
    pub fn new(places: &'a Places, patience: Patience, given: &str) -> Client<'a> {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("tfcensus/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(patience.silence))
            .timeout_recv_response(Some(patience.silence))
            .timeout_per_read(Some(patience.silence))
            .timeout_per_write(Some(patience.silence))
            .build();
        Client { places, agent: config.into(), patience, given: given.to_owned() }
    }

    /// Gets `url`, with these headers.
    pub(super) fn get(&self, url: &str, headers: &[(&str, String)]) -> Result<Reply, Failure> {
        let mut url = self.mirrored(url);
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.agent.get(&url);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            if let Some(value) = self.authorization(&url) {
                request = request.header("Authorization", value);
            }
            let proxy = proxy_for(&url).map_err(|what| Failure::Final(self.error(what, "")))?;
            let answer = request.config().proxy(proxy).build().call();
            let answer = answer.map_err(|e| self.no_answer(&url, &e))?;
            let status = answer.status().as_u16();
            let (head, body) = answer.into_parts();
            let answer = Answer { status, head, body };
            match status {
                200 | 206 => return Ok(Reply::Answer(answer)),
                416 => return Ok(Reply::OutOfRange),
                301 | 302 | 303 | 307 | 308 => match self.redirect(&url, status, answer)? {
                    Next::Url(next) => url = next,
                    Next::Storage(address) => return Ok(Reply::Storage(address)),
                },
                _ => return Err(self.refusal(&url, answer)),
            }
        }
        Err(Failure::Final(self.error(
            format!("the server redirects more than {MAX_REDIRECTS} times"),
            "open the address in a browser to see where it leads",
        )))
    }

    /// Gets a short body whole, asking again where that may help.
    pub(super) fn text(&self, url: &str) -> crate::Result<String> {
        let mut failures = 0;
        loop {
            let outcome = self.get(url, &[]).and_then(|reply| match reply {
                Reply::Answer(mut answer) => answer
                    .body
                    .with_config()
                    .limit(MAX_ANSWER_BYTES)
                    .read_to_string()
                    .map_err(|e| Failure::Passing(format!("the answer broke off: {e}"), None)),
                Reply::Storage(address) => Ok(address),
                Reply::OutOfRange => Err(Failure::Passing("the server answered 416".into(), None)),
            });
            match outcome {
                Ok(text) => return Ok(text),
                Err(failure) => self.wait_or_fail(failure, &mut failures)?,
            }
        }
    }

    /// Sleeps before the next attempt, or gives up.
    pub(super) fn wait_or_fail(&self, failure: Failure, failures: &mut u32) -> crate::Result<()> {
        match failure {
            Failure::Final(error) => Err(error),
            Failure::Passing(what, asked) => {
                *failures += 1;
                if *failures >= self.patience.attempts {
                    return Err(self.error(
                        format!("{what} ({failures} attempts)"),
                        "try again later: what was downloaded so far is kept and continued",
                    ));
                }
                std::thread::sleep(self.patience.pause(*failures, asked));
                Ok(())
            }
        }
    }

    /// An error about what the user gave.
    pub(super) fn error(&self, what: impl Into<String>, advice: impl Into<String>) -> Error {
        Error::Source { source_text: self.given.clone(), what: what.into(), advice: advice.into() }
    }

    /// The place to ask instead of a public one.
    fn mirrored(&self, url: &str) -> String {
        let p = self.places;
        for (public, mirror) in
            [(TFHUB_URL, &p.tfhub_url), (KAGGLE_URL, &p.kaggle_url), (GCS_URL, &p.gcs_url)]
        {
            if let Some(rest) = url.strip_prefix(public)
                && (rest.is_empty() || rest.starts_with(['/', '?']))
            {
                return format!("{mirror}{rest}");
            }
        }
        url.to_owned()
    }

    /// Credentials go to the place that stands for Kaggle, over a line that nobody reads.
    fn authorization(&self, url: &str) -> Option<String> {
        let kaggle = Origin::of(&self.places.kaggle_url)?;
        let here = Origin::of(url)?;
        if here != kaggle || !(here.scheme == "https" || here.is_loopback()) {
            return None;
        }
        Some(match self.places.kaggle_credentials.as_ref()? {
            Credentials::Token(token) => format!("Bearer {token}"),
            Credentials::Key { username, key } => {
                let pair = format!("{username}:{key}");
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
        })
    }

    fn redirect(&self, from: &str, status: u16, answer: Answer) -> Result<Next, Failure> {
        let location = answer.header("Location").map(str::to_owned);
        if status == 303 {
            let text = answer.body.into_with_config().limit(4096).read_to_string();
            let address = text.unwrap_or_default().trim().to_owned();
            if address.starts_with("gs://") {
                return Ok(Next::Storage(address));
            }
        }
        let bad = |what: &str| {
            let advice =
                format!("open {} in a browser to see where it leads", page_of(&self.given));
            Failure::Final(self.error(what, advice))
        };
        let location = location.ok_or_else(|| bad("the server redirects to nowhere"))?;
        if location.starts_with("gs://") {
            return Ok(Next::Storage(location));
        }
        let target =
            joined(from, &location).ok_or_else(|| bad("the server redirects to no address"))?;
        if is_model_search(&target) {
            return Err(Failure::Final(self.never_moved()));
        }
        let target = self.mirrored(&target);
        if from.starts_with("https://") && !target.starts_with("https://") {
            return Err(bad("the server redirects to an address without encryption"));
        }
        Ok(Next::Url(target))
    }

    /// tfhub.dev sends models that are not on Kaggle to Kaggle's search page.
    fn never_moved(&self) -> Error {
        let name = tfhub_name(&self.given).unwrap_or_default();
        let word = name.rsplit('/').next().unwrap_or_default();
        self.error(
            "this model never moved from tfhub.dev to Kaggle, so there is nothing to download",
            format!(
                "look for it, or for what replaced it: {KAGGLE_URL}/models?query={word}  (a copy \
                 that somebody still has in TFHUB_CACHE_DIR can be counted)"
            ),
        )
    }

    /// The error for a status that is no answer.
    fn refusal(&self, url: &str, answer: Answer) -> Failure {
        let page = page_of(&self.given);
        let host = Origin::of(url).map(|o| o.host).unwrap_or_default();
        let is_kaggle = Origin::of(url) == Origin::of(&self.places.kaggle_url);
        let (what, advice) = match answer.status {
            401 | 403 => (
                format!("{host} refuses access ({})", answer.status),
                match (is_kaggle, &self.places.kaggle_credentials) {
                    (true, None) => format!(
                        "open {page} in a browser, sign in and accept the licence if there is \
                         one; then set KAGGLE_API_TOKEN (or KAGGLE_USERNAME and KAGGLE_KEY)"
                    ),
                    (true, Some(_)) => format!(
                        "open {page} in a browser with the account whose credentials are set, and \
                         accept the licence if there is one"
                    ),
                    _ => format!("open {page} in a browser to see who may download it"),
                },
            ),
            404 | 410 => (
                format!("{host} has no such model or version ({})", answer.status),
                format!("open {} to see which there are", without_version(&page)),
            ),
            status @ (408 | 425 | 429 | 500..=599) => {
                let asked = answer.header("Retry-After").and_then(|v| v.trim().parse().ok());
                let asked = asked.map(Duration::from_secs);
                if asked.is_some_and(|pause| pause > MAX_RETRY_AFTER) {
                    let what = format!("{host} is busy ({status}) and asks to come back later");
                    return Failure::Final(self.error(what, "try again in a while"));
                }
                return Failure::Passing(format!("{host} answered {status}"), asked);
            }
            status => (format!("{host} answered {status}"), format!("open {page} in a browser")),
        };
        Failure::Final(self.error(what, advice))
    }

    fn no_answer(&self, url: &str, error: &ureq::Error) -> Failure {
        let host = Origin::of(url).map(|o| o.host).unwrap_or_default();
        let last = |what: String, advice: &str| Failure::Final(self.error(what, advice));
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                last("this is no address".into(), "check it for blanks and odd characters")
            }
            error if is_about_tls(error) => last(
                format!("no secure connection to {host}: {error}"),
                "check the system's certificates (or SSL_CERT_FILE), its clock, and HTTPS_PROXY",
            ),
            error if is_about_names(error) => last(
                format!("{host} cannot be found: {error}"),
                "check the network connection, and HTTPS_PROXY if there has to be a proxy",
            ),
            ureq::Error::ConnectProxyFailed(said) if is_refusal(said) => last(
                format!("the proxy refuses to connect to {host}: {said}"),
                "check HTTPS_PROXY; a proxy that wants a name is written \
                 http://name:password@host:port",
            ),
            _ => {
                Failure::Passing(format!("no answer from {host}{}: {error}", by_way_of(url)), None)
            }
        }
    }
}

/// Whether a proxy's status says that asking again would not change it.
fn is_refusal(said: &str) -> bool {
    said.split(|c: char| !c.is_ascii_digit()).any(|word| word.len() == 3 && word.starts_with('4'))
}

/// The proxy between, for an error; without the name and password that may be in its address.
fn by_way_of(url: &str) -> String {
    match proxy_for(url) {
        Ok(Some(proxy)) => format!(" by way of the proxy {}:{}", proxy.host(), proxy.port()),
        _ => String::new(),
    }
}

fn is_about_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => true,
        ureq::Error::Io(e) => e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    }
}

fn is_about_names(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        // The standard library has no kind for it.
        ureq::Error::Io(e) => e.to_string().contains("failed to lookup address"),
        _ => false,
    }
}

enum Next {
    Url(String),
    Storage(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_credentials_to_kaggle_alone() {
        let places = Places {
            kaggle_url: KAGGLE_URL.into(),
            kaggle_credentials: Some(Credentials::Key { username: "u".into(), key: "k".into() }),
            ..Places::default()
        };
        let client = Client::new(&places, Patience::default(), "");
        // printf u:k | base64
        let sent = client.authorization("https://www.kaggle.com/api").unwrap();
        assert_eq!(sent, "Basic dTpr");
        for url in [
            "http://www.kaggle.com/api",
            "https://www.kaggle.com:8443/api",
            "https://www.kaggle.com.evil.org/",
            "https://storage.googleapis.com/x",
            "https://www.kaggle.com@evil.org/",
        ] {
            assert_eq!(client.authorization(url), None, "{url}");
        }
    }
}
