//! What the admin of the story sets, as written in `tests/fixtures/settings.yaml`.

use anyhow::{Context, bail};
use events::crm::v1::{Destination, Mapping, MappingEntry, OverwritePolicy, destination};
use events::writeback::v1::{PermissionMode, PropertyPermission, StageControl};
use serde::Deserialize;

/// Where they are, from the project's folder.
const FILE: &str = "tests/fixtures/settings.yaml";

/// All of them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Entries and destinations; workspace and versions are empty.
    pub mapping: Mapping,
    /// What may be written.
    pub permissions: Vec<PropertyPermission>,
    /// How stages may move.
    pub stage_controls: Vec<StageControl>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entries: Vec<Entry>,
    destinations: Vec<Place>,
    permissions: Vec<Permission>,
    stage_controls: Vec<Stage>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    property: String,
    object: String,
    field: String,
    overwrite: String,
    confidence_min: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    content: String,
    kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Permission {
    object: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    create_mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stage {
    stage: String,
    allowed_exits: Vec<String>,
    #[serde(default)]
    required_fields: Vec<String>,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or understood, naming the word.
    pub fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(crate::tools::root().join(FILE))
            .with_context(|| format!("read {FILE}"))?;
        let file: File =
            serde_yaml_ng::from_str(&text).with_context(|| format!("understand {FILE}"))?;
        let mapping = Mapping {
            entries: file
                .entries
                .into_iter()
                .map(entry)
                .collect::<anyhow::Result<_>>()?,
            destinations: file
                .destinations
                .into_iter()
                .map(place)
                .collect::<anyhow::Result<_>>()?,
            ..Mapping::default()
        };
        let stage = |stage: Stage| StageControl {
            stage: stage.stage,
            allowed_exits: stage.allowed_exits,
            required_fields: stage.required_fields,
        };
        Ok(Self {
            mapping,
            permissions: file
                .permissions
                .into_iter()
                .map(permission)
                .collect::<anyhow::Result<_>>()?,
            stage_controls: file.stage_controls.into_iter().map(stage).collect(),
        })
    }

    /// Without what names fields the org does not have.
    #[must_use]
    pub fn only(mut self, has: impl Fn(&str, &str) -> bool) -> Self {
        self.mapping
            .entries
            .retain(|entry| has(&entry.object, &entry.field));
        self.permissions.retain(|permission| {
            permission.field.is_empty() || has(&permission.object, &permission.field)
        });
        self
    }
}

fn entry(entry: Entry) -> anyhow::Result<MappingEntry> {
    let overwrite = word(
        "OVERWRITE_POLICY",
        &entry.overwrite,
        OverwritePolicy::from_str_name,
    )?;
    Ok(MappingEntry {
        id: entry.id,
        property: entry.property,
        object: entry.object,
        field: entry.field,
        overwrite: overwrite.into(),
        confidence_min: entry.confidence_min,
        ..MappingEntry::default()
    })
}

fn place(place: Place) -> anyhow::Result<Destination> {
    let content = word(
        "CONTENT",
        &place.content,
        destination::Content::from_str_name,
    )?;
    let kind = word("KIND", &place.kind, destination::Kind::from_str_name)?;
    Ok(Destination {
        content: content.into(),
        kind: kind.into(),
        ..Destination::default()
    })
}

fn permission(permission: Permission) -> anyhow::Result<PropertyPermission> {
    let mode = |text: Option<String>| match text {
        Some(text) => word("PERMISSION_MODE", &text, PermissionMode::from_str_name).map(i32::from),
        None => Ok(PermissionMode::Unspecified.into()),
    };
    Ok(PropertyPermission {
        mode: mode(permission.mode)?,
        create_mode: mode(permission.create_mode)?,
        object: permission.object,
        field: permission.field,
    })
}

/// `replace_ours` is `OVERWRITE_POLICY_REPLACE_OURS`.
fn word<T>(prefix: &str, text: &str, parse: fn(&str) -> Option<T>) -> anyhow::Result<T> {
    let Some(value) = parse(&format!("{prefix}_{}", text.to_uppercase())) else {
        bail!("{FILE}: {text} is not one of the contract's {prefix} values");
    };
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_an_org_lacks_are_neither_mapped_nor_permitted() {
        let settings = Settings::read().expect("is understood");
        let all = settings.mapping.entries.len();
        let standard = settings.only(|_, field| field != "Amount");
        assert!(standard.mapping.entries.len() < all);
        assert!(
            standard
                .permissions
                .iter()
                .all(|permission| permission.field != "Amount")
        );
    }
}
