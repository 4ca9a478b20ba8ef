//! A CODEX_HOME that knows only a scripted model: no account, no key, no other connection.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::script::ModelKind;

/// The two models as Codex wants them described; every version since 0.117 takes it.
const CATALOG: &str = include_str!("catalog.json");

/// Writes the configuration, and the rules where there are any.
///
/// # Errors
/// The error of writing.
pub fn write(home: &Path, url: &str, kind: ModelKind, rules: Option<&str>) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    let catalog = home.join("model-catalog.json");
    std::fs::write(&catalog, CATALOG)?;
    std::fs::write(home.join("config.toml"), configuration(url, kind, &catalog))?;
    if let Some(rules) = rules {
        std::fs::create_dir_all(home.join("rules"))?;
        std::fs::write(home.join("rules/script.rules"), rules)?;
    }
    Ok(())
}

/// The text of config.toml. Nothing is retried: what the script says happens once.
#[must_use]
pub fn configuration(url: &str, kind: ModelKind, catalog: &Path) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    format!(
        "model = {}\nmodel_provider = \"scripted\"\nmodel_catalog_json = {}\ncheck_for_update_on_startup = false\n\
         [model_providers.scripted]\nname = \"scripted\"\nbase_url = {}\nrequest_max_retries = 0\nstream_max_retries = 0\n\
         [analytics]\nenabled = false\n[features]\nplugins = false\napps = false\n",
        text(kind.slug()),
        text(&catalog.to_string_lossy()),
        text(url)
    )
}
