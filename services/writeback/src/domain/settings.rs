//! Everything the gates need to know about a workspace, apart from the change and its record.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::change::Action;
use super::mapping::Mapping;
use super::people::Creates;
use super::prediction::Books;
use super::schema::Schema;

/// One workspace as of one generation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The workspace.
    pub workspace: String,
    /// Grows with everything below.
    pub generation: i64,
    /// The connection.
    pub connection: Connection,
    /// The published mapping; `None` before the first.
    pub mapping: Option<Mapping>,
    /// The org.
    pub schema: Schema,
    /// Version of each object in it, removed ones included.
    pub schema_versions: BTreeMap<String, u64>,
    /// Validation rules by object, compiled once per schema snapshot.
    pub rules: Arc<Books>,
    /// Fields read as a baseline, by object.
    pub reads: BTreeMap<String, Vec<String>>,
    /// What may be written how freely.
    pub permissions: Permissions,
    /// What may be created beside activities and notes.
    pub creates: Creates,
    /// How stages may move.
    pub stages: StageControls,
    /// A passed verification is current.
    pub verified: bool,
    /// Matches below this are held, 0 to 1.
    pub match_probability_min: f64,
    /// Days are cut in this zone.
    pub time_zone: Tz,
    /// Field of a new record that carries our key, where the org has it as an external id.
    pub key_field: String,
}

impl Settings {
    /// Version and revision of the published mapping; zeros before the first.
    #[must_use]
    pub fn mapping_standing(&self) -> (u64, u64) {
        self.mapping
            .as_ref()
            .map_or((0, 0), |mapping| (mapping.version, mapping.revision))
    }
}

/// The connection to the org.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// Work may go through.
    pub usable: bool,
    /// One sentence for a person.
    pub detail: String,
    /// Grows when user or org changed.
    pub epoch: u64,
    /// The connected user's id.
    pub user_id: String,
}

/// How freely something may be written; ordered from strict to free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Never.
    Off,
    /// Shown, never written.
    ReadOnly,
    /// Each change waits for a person.
    Review,
    /// Freely.
    Automatic,
}

impl Mode {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ReadOnly => "read_only",
            Self::Review => "review",
            Self::Automatic => "automatic",
        }
    }

    /// From its stored form; anything unknown is off.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "read_only" => Self::ReadOnly,
            "review" => Self::Review,
            "automatic" => Self::Automatic,
            _ => Self::Off,
        }
    }
}

/// Our permissions. What is not listed is off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// By object: (update, create).
    pub objects: BTreeMap<String, (Mode, Mode)>,
    /// By object and field.
    pub fields: BTreeMap<(String, String), Mode>,
}

impl Permissions {
    /// How freely a field is updated: the object's mode is the ceiling of its fields'.
    #[must_use]
    pub fn update(&self, object: &str, field: &str) -> Mode {
        let ceiling = self.objects.get(object).map_or(Mode::Off, |modes| modes.0);
        let own = self
            .fields
            .get(&(object.to_owned(), field.to_owned()))
            .copied()
            .unwrap_or(Mode::Off);
        own.min(ceiling)
    }

    /// How freely a change may be made. Text added to a calendar's Event, or to an activity we created, stands in for
    /// creating one: it comes from no mapping entry.
    #[must_use]
    pub fn of(&self, action: Action, object: &str, field: &str, mapped: bool) -> Mode {
        if action.creates() || !mapped {
            self.create(object)
        } else {
            self.update(object, field)
        }
    }

    /// How freely records of an object are created.
    #[must_use]
    pub fn create(&self, object: &str) -> Mode {
        self.objects.get(object).map_or(Mode::Off, |modes| modes.1)
    }
}

/// How stages may move.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StageControls {
    /// By stage (API name).
    pub controls: BTreeMap<String, StageControl>,
    /// Record types of the pipelines written to; empty for all.
    pub pipelines: Vec<String>,
}

/// How one stage may be left and entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StageControl {
    /// Stages a move may go to.
    pub allowed_exits: Vec<String>,
    /// Fields that must not be empty before a move to this stage.
    pub required_fields: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_the_ceiling_of_its_fields() {
        let mut permissions = Permissions::default();
        permissions
            .objects
            .insert("Opportunity".into(), (Mode::Review, Mode::Off));
        permissions
            .fields
            .insert(("Opportunity".into(), "NextStep".into()), Mode::Automatic);
        permissions
            .fields
            .insert(("Account".into(), "Description".into()), Mode::Automatic);
        assert_eq!(permissions.update("Opportunity", "NextStep"), Mode::Review);
        assert_eq!(permissions.update("Opportunity", "Amount"), Mode::Off);
        assert_eq!(permissions.update("Account", "Description"), Mode::Off);
        assert_eq!(permissions.create("Task"), Mode::Off);
    }
}
