//! The org: metadata, rows, permissions, rules and logs, behind one lock.
//!
//! Everything here is synchronous. The HTTP layer takes the read half of the lock for reads and the
//! write half for saves, and never holds either while it waits (latency faults included).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::access::{Access, PermissionSet, RecordAccess};
use crate::api::bulk::Jobs;
use crate::clock::Clock;
use crate::config::SimConfig;
use crate::duplicates::DuplicateRule;
use crate::id::Id;
use crate::log::WriteLog;
use crate::refusal::Refusals;
use crate::rules::ValidationRule;
use crate::schema::{Computed, Object, Schema};
use crate::soql::cursor::Cursors;
use crate::store::{Row, Table};
use crate::value::Value;

/// API version the org answers by default.
pub const API_VERSION: &str = "67.0";

/// The whole org.
#[derive(Debug)]
pub struct Org {
    /// Settings it was started with.
    pub config: SimConfig,
    /// Its clock.
    pub clock: Arc<Clock>,
    /// Its metadata.
    pub schema: Schema,
    tables: Vec<Table>,
    /// Permission sets by PermissionSet id.
    pub permission_sets: HashMap<Id, Arc<PermissionSet>>,
    /// Records shared less than usual, by user and record.
    pub sharing: Arc<HashMap<(Id, Id), RecordAccess>>,
    /// Validation rules.
    pub rules: Vec<ValidationRule>,
    /// Duplicate rules.
    pub duplicate_rules: Vec<DuplicateRule>,
    /// Injected refusals and row locks.
    pub refusals: Refusals,
    /// Committed saves and failed attempts.
    pub log: WriteLog,
    /// Open query cursors; behind its own lock because reads open them.
    pub cursors: Mutex<Cursors>,
    /// Bulk query jobs, behind a lock of their own for the same reason.
    pub jobs: Mutex<Jobs>,
    /// Id of the Organization row.
    pub org_id: Id,
    /// Passwords by username.
    pub passwords: HashMap<String, String>,
    /// Address callers use, printed into describes.
    pub base_url: String,
    described: Mutex<HashMap<(u64, Id, u16), Arc<str>>>,
}

impl Org {
    /// An org with metadata but no rows.
    pub fn new(config: SimConfig, clock: Arc<Clock>, schema: Schema) -> Org {
        let tables = schema
            .objects()
            .map(|(_, object)| Table::new(object))
            .collect();
        Org {
            clock,
            tables,
            permission_sets: HashMap::new(),
            sharing: Arc::default(),
            rules: Vec::new(),
            duplicate_rules: Vec::new(),
            refusals: Refusals::default(),
            log: WriteLog::new(config.write_log_entries_max),
            cursors: Mutex::new(Cursors::new(config.cursor_ttl_s)),
            jobs: Mutex::default(),
            org_id: Id::numbered("00D", 1),
            passwords: HashMap::new(),
            base_url: String::new(),
            described: Mutex::default(),
            schema,
            config,
        }
    }

    /// Now, in ms.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Rows of an object.
    pub fn table(&self, object: u16) -> &Table {
        &self.tables[usize::from(object)]
    }

    /// Rows of an object, to change.
    pub fn table_mut(&mut self, object: u16) -> &mut Table {
        &mut self.tables[usize::from(object)]
    }

    /// Adds an object with its table.
    pub fn add_object(&mut self, object: Object) -> u16 {
        let table = Table::new(&object);
        let number = self.schema.add(object);
        self.tables.push(table);
        number
    }

    /// The object a record id belongs to, with its current version, deleted ones included.
    pub fn find(&self, id: Id) -> Option<(u16, &Arc<Row>)> {
        let object = self.schema.of_prefix(id.prefix())?;
        self.table(object).get(id).map(|row| (object, row))
    }

    /// A row that exists and is not deleted.
    pub fn live(&self, id: Id) -> Option<(u16, &Arc<Row>)> {
        self.find(id).filter(|(_, row)| !row.deleted)
    }

    /// The number of an object this code relies on.
    pub fn number(&self, name: &str) -> u16 {
        // The standard objects are compiled in and never removed.
        self.schema.number(name).unwrap_or_default()
    }

    /// A stored or computed value by field name; null for unknown fields.
    pub fn value_of(&self, object: u16, row: &Row, field: &str) -> Value {
        self.schema
            .object(object)
            .slot(field)
            .map_or(Value::Null, |slot| self.value(object, row, slot))
    }

    /// A stored or computed value.
    pub fn value(&self, number: u16, row: &Row, slot: u16) -> Value {
        let object = self.schema.object(number);
        let Some(computed) = object.fields[usize::from(slot)].computed else {
            let stored = row.get(slot);
            if stored.is_null()
                && object.fields[usize::from(slot)].kind == crate::schema::FieldType::Boolean
            {
                return Value::Bool(false);
            }
            return stored.clone();
        };
        match computed {
            Computed::Id => Value::Id(row.id),
            Computed::IsDeleted => Value::Bool(row.deleted),
            Computed::CreatedDate => Value::DateTime(row.created_ms),
            Computed::CreatedById => Value::Id(row.created_by),
            Computed::LastModifiedDate => Value::DateTime(row.modified_ms),
            Computed::LastModifiedById => Value::Id(row.modified_by),
            Computed::SystemModstamp => Value::DateTime(row.stamp_ms),
            Computed::PersonName => person_name(object, row),
            Computed::Address => Value::Null,
            Computed::ExpectedRevenue => crate::save::opportunity::expected_revenue(object, row),
            Computed::Fiscal | Computed::FiscalYear | Computed::FiscalQuarter => {
                crate::save::opportunity::fiscal(object, row, computed)
            }
            Computed::IsHighPriority => Value::Bool(
                object
                    .slot("Priority")
                    .is_some_and(|slot| row.get(slot).as_text() == Some("High")),
            ),
        }
    }

    /// Effective permissions of a user: the profile's set and every assigned one.
    pub fn access(&self, user: Id) -> Access {
        let mut sets = Vec::new();
        let users = self.number("User");
        if let Some(row) = self.table(users).get(user) {
            let profile = self.value_of(users, row, "ProfileId").as_id();
            sets.extend(
                self.permission_sets
                    .values()
                    .filter(|set| set.profile.is_some() && set.profile == profile)
                    .cloned(),
            );
        }
        let assignments = self.number("PermissionSetAssignment");
        let table = self.table(assignments);
        let object = self.schema.object(assignments);
        if let (Some(set), Some(assignee)) =
            (object.slot("PermissionSetId"), object.slot("AssigneeId"))
        {
            for row in table
                .positions()
                .filter_map(|position| table.at(position))
                .filter(|row| !row.deleted)
            {
                if row.get(assignee).as_id() == Some(user) {
                    let set = row
                        .get(set)
                        .as_id()
                        .and_then(|id| self.permission_sets.get(&id));
                    sets.extend(set.filter(|set| set.profile.is_none()).cloned());
                }
            }
        }
        Access::new(user, sets, Arc::clone(&self.sharing))
    }

    /// A user by username, in any case.
    pub fn user_by_name(&self, username: &str) -> Option<Arc<Row>> {
        let users = self.number("User");
        let table = self.table(users);
        let slot = self.schema.object(users).slot("Username")?;
        let mut rows = table.positions().filter_map(|position| table.at(position));
        rows.find(|row| {
            row.get(slot)
                .as_text()
                .is_some_and(|name| name.eq_ignore_ascii_case(username))
        })
        .cloned()
    }

    /// Whether a user exists and is active.
    pub fn is_active(&self, user: Id) -> bool {
        let users = self.number("User");
        self.table(users)
            .get(user)
            .is_some_and(|row| self.value_of(users, row, "IsActive").as_bool())
    }

    /// The describe of an object for a user, rendered once per metadata version.
    pub fn describe(&self, number: u16, access: &Access) -> Arc<str> {
        let key = (self.schema.version, access.user, number);
        if let Ok(cache) = self.described.lock()
            && let Some(text) = cache.get(&key)
        {
            return Arc::clone(text);
        }
        let text: Arc<str> = crate::schema::describe::object(self, number, access).into();
        if let Ok(mut cache) = self.described.lock() {
            // Old versions are never asked for again.
            cache.retain(|(version, _, _), _| *version == self.schema.version);
            cache.insert(key, Arc::clone(&text));
        }
        text
    }

    /// Records a change of metadata or permissions.
    pub fn touch(&mut self) {
        let now_ms = self.now_ms();
        self.schema.touch(now_ms);
        for index in 0..self.rules.len() {
            let (object, source) = (self.rules[index].object, self.rules[index].formula.clone());
            self.rules[index].compiled = crate::evaluate::compile(self, object, &source).ok();
        }
    }
}

fn person_name(object: &Object, row: &Row) -> Value {
    let part = |name: &str| {
        object
            .slot(name)
            .and_then(|slot| row.get(slot).as_text())
            .unwrap_or("")
    };
    let (first, last) = (part("FirstName"), part("LastName"));
    let name = if first.is_empty() {
        last.to_owned()
    } else {
        format!("{first} {last}")
    };
    Value::text(&name)
}
