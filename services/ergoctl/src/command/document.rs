//! Settings that are exported, edited and imported as a document; reading and writing YAML and JSON.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::{Out, line};
use crate::api::Api;
use crate::arguments::{Document, Format, FormatKind};
use crate::exit;

/// Largest document read, in bytes: more than the API takes.
const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024;

pub(super) async fn run(api: &Api, out: &Out, name: &str, wish: Document) -> anyhow::Result<u8> {
    let answer = match wish {
        Document::Export { format } => {
            let settings = api.get(&[name], &[]).await?.read()?;
            line(&written(&settings, format, out)?)?;
            return Ok(exit::DONE);
        }
        Document::Import { file } => api.put(&[name], read(&file)?).await?,
    };
    out.answer(&answer, |_| Ok(format!("{name} are set")))?;
    Ok(exit::DONE)
}

/// A document as text.
pub(super) fn written(document: &Value, format: Format, out: &Out) -> anyhow::Result<String> {
    let as_json = out.json || format.format == FormatKind::Json;
    let text = if as_json {
        serde_json::to_string_pretty(document).context("the document cannot be written as JSON")?
    } else {
        serde_yaml_ng::to_string(document).context("the document cannot be written as YAML")?
    };
    Ok(text.trim_end().to_owned())
}

/// A document from a file or, named `-`, from standard input. JSON is YAML too.
pub(super) fn read(file: &Path) -> anyhow::Result<Value> {
    serde_yaml_ng::from_str(&text(file)?)
        .with_context(|| format!("{} is neither YAML nor JSON", file.display()))
}

/// A text from a file or, named `-`, from standard input.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let about = || format!("{} cannot be read", file.display());
    let mut text = String::new();
    if file == Path::new("-") {
        let input = std::io::stdin().lock();
        input.take(DOCUMENT_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        let input = std::fs::File::open(file).with_context(about)?;
        input.take(DOCUMENT_BYTES_MAX + 1).read_to_string(&mut text)
    }
    .with_context(about)?;
    anyhow::ensure!(
        text.len() as u64 <= DOCUMENT_BYTES_MAX,
        "{} has more than {DOCUMENT_BYTES_MAX} bytes",
        file.display()
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_survives_yaml_and_json() {
        let document = json!({"entries": [{"id": "a", "confidence_min": 0.8, "truncate": false, "field": "Yes"}]});
        for format in [FormatKind::Yaml, FormatKind::Json] {
            let text =
                written(&document, Format { format }, &Out { json: false }).expect("is written");
            let read: Value = serde_yaml_ng::from_str(&text).expect("is read");
            assert_eq!(read, document, "{text}");
        }
        let text = written(
            &document,
            Format {
                format: FormatKind::Yaml,
            },
            &Out { json: false },
        );
        insta::assert_snapshot!(text.expect("is written"), @r"
        entries:
        - confidence_min: 0.8
          field: Yes
          id: a
          truncate: false
        ");
    }
}
