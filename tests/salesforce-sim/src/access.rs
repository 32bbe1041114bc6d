//! Who may see and change what: permission sets, the profile's own set, and single-record sharing.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::schema::{Field, Object, Schema};

/// Object permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as on ObjectPermissions")]
pub struct ObjectAccess {
    pub read: bool,
    pub create: bool,
    pub edit: bool,
    pub delete: bool,
    pub view_all: bool,
    pub modify_all: bool,
}

impl ObjectAccess {
    /// Everything.
    pub const FULL: ObjectAccess = ObjectAccess {
        read: true,
        create: true,
        edit: true,
        delete: true,
        view_all: true,
        modify_all: true,
    };

    fn or(self, other: ObjectAccess) -> ObjectAccess {
        ObjectAccess {
            read: self.read || other.read,
            create: self.create || other.create,
            edit: self.edit || other.edit,
            delete: self.delete || other.delete,
            view_all: self.view_all || other.view_all,
            modify_all: self.modify_all || other.modify_all,
        }
    }
}

/// Field-level security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as on FieldPermissions")]
pub struct FieldAccess {
    pub read: bool,
    pub edit: bool,
}

impl FieldAccess {
    /// Read and edit.
    pub const FULL: FieldAccess = FieldAccess {
        read: true,
        edit: true,
    };
}

/// What one permission set (or profile) grants.
#[derive(Debug, Clone)]
pub struct PermissionSet {
    /// Record id of the PermissionSet row.
    pub id: Id,
    /// Profile that owns it.
    pub profile: Option<Id>,
    /// Grants everything that is not listed below, fields made later included.
    pub full: bool,
    /// Object permissions that differ from that.
    pub objects: HashMap<u16, ObjectAccess>,
    /// Field permissions that differ from that.
    pub fields: HashMap<(u16, u16), FieldAccess>,
    /// May call the API at all.
    pub api_enabled: bool,
    /// Sees every row and may change it.
    pub modify_all_data: bool,
    /// May read validation rules through the Tooling API.
    pub view_setup: bool,
    /// May save rows owned by inactive users.
    pub update_inactive_owners: bool,
}

impl PermissionSet {
    /// Object permissions granted by this set alone.
    pub fn object(&self, object: u16) -> ObjectAccess {
        let default = if self.full {
            ObjectAccess::FULL
        } else {
            ObjectAccess::default()
        };
        self.objects.get(&object).copied().unwrap_or(default)
    }

    /// Field permissions granted by this set alone.
    pub fn field(&self, object: u16, slot: u16) -> FieldAccess {
        let default = if self.full {
            FieldAccess::FULL
        } else {
            FieldAccess::default()
        };
        self.fields.get(&(object, slot)).copied().unwrap_or(default)
    }
}

/// Effective permissions of one user.
#[derive(Debug, Clone)]
pub struct Access {
    /// The user.
    pub user: Id,
    sets: Vec<Arc<PermissionSet>>,
    hidden_records: Arc<HashMap<(Id, Id), RecordAccess>>,
}

/// Sharing of a single record, where it is less than the object's permissions allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordAccess {
    /// Not shared with the user.
    None,
    /// Shared read-only.
    Read,
}

impl Access {
    /// Folds several sets into one answer.
    pub fn new(
        user: Id,
        sets: Vec<Arc<PermissionSet>>,
        hidden: Arc<HashMap<(Id, Id), RecordAccess>>,
    ) -> Access {
        Access {
            user,
            sets,
            hidden_records: hidden,
        }
    }

    /// Permissions on an object.
    pub fn object(&self, object: u16) -> ObjectAccess {
        self.sets.iter().fold(ObjectAccess::default(), |all, set| {
            all.or(set.object(object))
        })
    }

    /// Whether the object exists for this user.
    pub fn sees(&self, schema: &Schema, object: u16) -> bool {
        !schema.object(object).hidden && self.object(object).read
    }

    /// Permissions on a field, the object's own included.
    pub fn field(&self, object: u16, slot: u16, field: &Field) -> FieldAccess {
        if field.gone {
            return FieldAccess::default();
        }
        if !field.permissionable {
            return FieldAccess::FULL;
        }
        let mut all = FieldAccess::default();
        for set in &self.sets {
            let one = set.field(object, slot);
            all = FieldAccess {
                read: all.read || one.read,
                edit: all.edit || one.edit,
            };
        }
        all
    }

    /// Fields of an object this user sees.
    pub fn visible<'a>(
        &'a self,
        number: u16,
        object: &'a Object,
    ) -> impl Iterator<Item = (u16, &'a Field)> {
        object
            .live_fields()
            .filter(move |(slot, field)| self.field(number, *slot, field).read)
    }

    /// Sharing of one record.
    pub fn record(&self, id: Id) -> Option<RecordAccess> {
        if self.hidden_records.is_empty() {
            return None;
        }
        self.hidden_records.get(&(self.user, id)).copied()
    }

    /// May call the API.
    pub fn api_enabled(&self) -> bool {
        self.sets.iter().any(|set| set.api_enabled)
    }

    /// May read setup through the Tooling API.
    pub fn view_setup(&self) -> bool {
        self.sets.iter().any(|set| set.view_setup)
    }

    /// May save rows owned by inactive users.
    pub fn update_inactive_owners(&self) -> bool {
        self.sets.iter().any(|set| set.update_inactive_owners)
    }
}
