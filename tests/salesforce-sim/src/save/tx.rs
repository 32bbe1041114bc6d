//! A transaction: saves that commit or vanish together, with savepoints.

use std::sync::Arc;

use crate::access::Access;
use crate::error::ApiError;
use crate::id::Id;
use crate::log::{Attempt, Operation, Origin, Pending};
use crate::org::Org;
use crate::store::Row;

/// Request headers that change how saves behave.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `Sforce-Duplicate-Rule-Header: allowSave=true`.
    pub allow_duplicates: bool,
    /// `If-Unmodified-Since`, in seconds since 1970.
    pub unmodified_since_s: Option<i64>,
    /// `If-Match`.
    pub if_match: Option<String>,
}

/// An open transaction. Dropping it without `commit` leaves its saves in place but unlogged, so every
/// path ends in `commit` or `rollback`.
#[derive(Debug)]
pub struct Tx<'a> {
    /// The org, exclusively held.
    pub org: &'a mut Org,
    /// The caller's permissions.
    pub access: Access,
    /// Who and under which request.
    pub origin: Arc<Origin>,
    /// Save options.
    pub options: Options,
    /// Time of all saves in it, in ms.
    pub now_ms: i64,
    undo: Vec<(u16, Id, Option<Arc<Row>>)>,
    pending: Vec<Pending>,
}

/// What a read needs: the org and the caller's permissions, without exclusive access.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The org.
    pub org: &'a Org,
    /// The caller's permissions.
    pub access: &'a Access,
    /// Now, in ms.
    pub now_ms: i64,
}

/// A point to return to.
#[derive(Debug, Clone, Copy)]
pub struct Savepoint {
    undo: usize,
    pending: usize,
}

impl<'a> Tx<'a> {
    /// Opens a transaction for a caller.
    pub fn new(org: &'a mut Org, access: Access, origin: Arc<Origin>, options: Options) -> Tx<'a> {
        let now_ms = org.now_ms();
        Tx {
            org,
            access,
            origin,
            options,
            now_ms,
            undo: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// The same org, to read.
    pub fn view(&self) -> View<'_> {
        View {
            org: self.org,
            access: &self.access,
            now_ms: self.now_ms,
        }
    }

    /// Marks the current state.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint {
            undo: self.undo.len(),
            pending: self.pending.len(),
        }
    }

    /// Undoes everything since the mark; the undone saves go to the attempts log.
    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        while self.undo.len() > savepoint.undo {
            if let Some((object, id, before)) = self.undo.pop() {
                match before {
                    Some(row) => drop(self.org.table_mut(object).put_shared(row)),
                    None => self.org.table_mut(object).erase(id),
                }
            }
        }
        for pending in self.pending.split_off(savepoint.pending) {
            let attempt = self.describe(
                pending.object,
                Some(pending.id),
                pending.operation,
                &pending.sent,
            );
            self.org.log.attempt(Attempt {
                rolled_back: true,
                ..attempt
            });
        }
    }

    /// Commits: the saves enter the write log.
    pub fn commit(&mut self) {
        self.undo.clear();
        let user = self.access.user;
        for pending in self.pending.drain(..) {
            self.org
                .log
                .commit(pending, user, &self.origin, self.now_ms);
        }
    }

    /// Writes a row version and remembers how to undo it.
    pub fn put(
        &mut self,
        object: u16,
        row: Row,
        operation: Operation,
        sent: Vec<u16>,
        automatic: bool,
    ) {
        let id = row.id;
        let row = Arc::new(row);
        let before = self.org.table_mut(object).put_shared(Arc::clone(&row));
        self.undo.push((object, id, before.clone()));
        self.pending.push(Pending {
            object,
            id,
            operation,
            before,
            after: Some(row),
            sent,
            automatic,
        });
    }

    /// Records a refused save.
    pub fn refused(
        &mut self,
        object: u16,
        id: Option<Id>,
        operation: Operation,
        sent: &[u16],
        errors: &[ApiError],
    ) {
        let codes = errors.iter().map(|error| error.code.clone()).collect();
        let attempt = self.describe(object, id, operation, sent);
        self.org.log.attempt(Attempt { codes, ..attempt });
    }

    fn describe(&self, object: u16, id: Option<Id>, operation: Operation, sent: &[u16]) -> Attempt {
        let object = self.org.schema.object(object);
        Attempt {
            seq: 0,
            at_ms: self.now_ms,
            username: self.origin.username.clone(),
            client: self.origin.client.clone(),
            request_id: self.origin.request_id.clone(),
            object: object.name.clone(),
            id: id.map(|id| id.to_string()),
            operation,
            sent: sent
                .iter()
                .map(|slot| object.fields[usize::from(*slot)].name.clone())
                .collect(),
            codes: Vec::new(),
            rolled_back: false,
        }
    }
}
