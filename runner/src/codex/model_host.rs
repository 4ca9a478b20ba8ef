//! Where the model's server is, from the configuration of Codex and the settings of a run. Pure.

use toml::{Table, Value};

/// The hosts of the service that Codex asks by itself: with a key, with a login, and to renew one.
const OWN: &[&str] = &["https://api.openai.com", "https://chatgpt.com", "https://auth.openai.com"];

/// The addresses of the model's servers, as URLs. `config` is the text of `config.toml`; `settings` are those of `-c`.
///
/// # Errors
/// Why it cannot be told.
pub fn servers(config: &str, settings: &[String]) -> Result<Vec<String>, String> {
    let mut all: Table = toml::from_str(config).map_err(|error| format!("config.toml: {}", error.message()))?;
    for setting in settings {
        let Some((key, value)) = setting.split_once('=') else { continue };
        // As Codex does: what is no TOML is text.
        let parsed =
            toml::from_str::<Table>(&format!("value = {value}")).ok().and_then(|mut table| table.remove("value"));
        let parsed = parsed.unwrap_or_else(|| Value::String(value.trim().to_owned()));
        put(&mut all, &key.trim().split('.').collect::<Vec<_>>(), parsed);
    }
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let profile = text(&all, "profile").and_then(|name| all.get("profiles")?.get(name)?.as_table());
    let provider = profile.and_then(|profile| text(profile, "model_provider")).or_else(|| text(&all, "model_provider"));
    let provider = provider.unwrap_or_else(|| "openai".into());
    let own = all.get("model_providers").and_then(|all| all.get(&provider)).and_then(Value::as_table);
    match own
        .and_then(|own| text(own, "base_url"))
        .or_else(|| text(&all, "openai_base_url").filter(|_| provider == "openai"))
    {
        Some(url) => Ok(vec![url]),
        None if provider == "openai" => Ok(OWN.iter().map(|url| (*url).to_owned()).collect()),
        None => Err(format!("the provider `{provider}` has no `base_url`")),
    }
}

/// Host and port of a URL, as `HOST:PORT`.
#[must_use]
pub fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (_, behind) = authority.rsplit_once(']').unwrap_or(("", authority));
    if behind.contains(':') {
        return Some(authority.to_owned());
    }
    let port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    (!authority.is_empty()).then(|| format!("{authority}:{port}"))
}

fn put(table: &mut Table, path: &[&str], value: Value) {
    let [name, rest @ ..] = path else { return };
    let name = name.trim_matches('"').to_owned();
    if rest.is_empty() {
        table.insert(name, value);
        return;
    }
    let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_that_of_the_provider_that_is_in_effect() {
        let config = "model_provider = \"a\"\n[model_providers.a]\nbase_url = \"http://127.0.0.1:8080/v1\"\n\
                      [model_providers.b]\nbase_url = \"https://b.example/v1\"\n[profiles.p]\nmodel_provider = \"b\"\n";
        let ask = |settings: &[&str]| {
            let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
            servers(config, &settings)
        };
        assert_eq!(ask(&[]), Ok(vec!["http://127.0.0.1:8080/v1".into()]));
        assert_eq!(ask(&["model_provider=b"]), Ok(vec!["https://b.example/v1".into()]));
        assert_eq!(ask(&["profile=\"p\""]), Ok(vec!["https://b.example/v1".into()]));
        assert_eq!(ask(&["model_providers.a={name=\"a\",base_url=\"http://c:1/\"}"]), Ok(vec!["http://c:1/".into()]));
        assert_eq!(ask(&["model_providers.a.base_url=http://d:1/"]), Ok(vec!["http://d:1/".into()]));
        assert!(ask(&["model_provider=\"nobody\""]).is_err());
        assert_eq!(servers("", &[]).expect("the service").len(), 3);
        assert!(servers("a = ", &[]).is_err());
    }

    #[test]
    fn a_host_has_a_port() {
        for (url, expected) in [
            ("https://api.openai.com", Some("api.openai.com:443")),
            ("http://127.0.0.1:8080/v1", Some("127.0.0.1:8080")),
            ("http://user:pass@h/v1?x", Some("h:80")),
            ("https://[::1]/v1", Some("[::1]:443")),
            ("ftp://x", None),
            ("nothing", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }
}
