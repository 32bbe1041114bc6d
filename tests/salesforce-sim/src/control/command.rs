//! The commands, as they travel.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::access::{ObjectAccess, RecordAccess};
use crate::faults::Fault;
use crate::refusal::Refusal;

/// One command. `POST /command` with this as JSON answers 200 and a result, or 400 and `{"error": text}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "fields are named for what they are; variants are documented"
)]
pub enum Command {
    /// Starts over with fresh seed data, no faults, no tokens, empty logs.
    Reset,
    /// Adds a transport fault.
    AddFault { fault: Fault },
    /// Removes every fault, refusal and row lock.
    ClearFaults,
    /// Refuses saves with a given code.
    AddRefusal { refusal: Refusal },
    /// Ends access tokens: of a user, or of all. Refresh tokens stay good.
    ExpireSessions { username: Option<String> },
    /// Revokes grants and their sessions: of a user, or of all.
    RevokeGrants { username: Option<String> },
    /// Admits a user to the connected app beforehand, as an admin does for the JWT bearer flow, or takes that back.
    Preauthorize { username: String, on: bool },
    /// Replaces the certificate of the connected app (PEM).
    UploadCertificate { pem: String },
    /// Switches refresh token rotation.
    SetRotation { on: bool },
    /// Rotates every refresh token without telling its holder.
    RotateSilently,
    /// Changes the daily quota and how much of it is used.
    SetApiLimit { max: Option<u64>, used: Option<u64> },
    /// Moves the org's clock.
    AdvanceClock { by_ms: i64 },
    /// Loses every query cursor and bulk query job.
    LoseCursors,
    /// Adds a field; `definition` is a line of the object texts, such as `Mood__c string(80) cunp "Mood"`.
    AddField { object: String, definition: String },
    /// Deletes a field with its data.
    DeleteField { object: String, field: String },
    /// Renames a field.
    RenameField {
        object: String,
        field: String,
        to: String,
    },
    /// Gives a field another type; values that do not convert are lost.
    RetypeField {
        object: String,
        field: String,
        definition: String,
    },
    /// Changes the length of a text field.
    SetLength {
        object: String,
        field: String,
        length: u32,
    },
    /// Replaces a picklist's values; `inactive` ones stay on old rows.
    SetPicklist {
        object: String,
        field: String,
        active: Vec<String>,
        inactive: Vec<String>,
    },
    /// Gives one value of a picklist another name and label; rows keep what they hold.
    SetPicklistValue {
        object: String,
        field: String,
        value: String,
        to: String,
        label: String,
    },
    /// Restricts a picklist, or lifts the restriction.
    SetRestricted {
        object: String,
        field: String,
        restricted: bool,
    },
    /// Makes a field required on create, or optional.
    SetRequired {
        object: String,
        field: String,
        required: bool,
    },
    /// Limits the values a record type offers.
    SetRecordTypePicklist {
        object: String,
        record_type: String,
        field: String,
        values: Vec<String>,
    },
    /// Activates or deactivates a record type.
    SetRecordTypeActive {
        object: String,
        record_type: String,
        active: bool,
    },
    /// Activates or deactivates an opportunity stage.
    SetStageActive { stage: String, active: bool },
    /// Changes the probability of an opportunity stage, in percent.
    SetStageProbability { stage: String, probability: i64 },
    /// Object permissions of one user (through a profile of their own).
    SetObjectPermission {
        username: String,
        object: String,
        access: ObjectAccess,
    },
    /// Field permissions of one user (through a profile of their own).
    SetFieldPermission {
        username: String,
        object: String,
        field: String,
        read: bool,
        edit: bool,
    },
    /// General permissions of one user; absent ones stay.
    SetUserPermissions {
        username: String,
        api_enabled: Option<bool>,
        view_setup: Option<bool>,
        update_inactive_owners: Option<bool>,
    },
    /// Limits the sharing of one record with one user; none restores it.
    ShareRecord {
        username: String,
        id: String,
        access: Option<RecordAccess>,
    },
    /// Adds or replaces a validation rule.
    PutRule {
        object: String,
        name: String,
        formula: String,
        message: String,
        error_field: Option<String>,
        active: bool,
    },
    /// Removes a validation rule.
    RemoveRule { object: String, name: String },
    /// Adds or replaces a duplicate rule.
    PutDuplicateRule {
        object: String,
        name: String,
        fields: Vec<String>,
        allow_save: bool,
        message: String,
    },
    /// Removes a duplicate rule.
    RemoveDuplicateRule { name: String },
    /// Activates or deactivates a user.
    SetUserActive { username: String, active: bool },
    /// Saves as a person would, through every check: creates without `id`, updates with it.
    SaveAs {
        username: String,
        object: String,
        id: Option<String>,
        fields: Map<String, Json>,
    },
    /// Deletes as a person would.
    DeleteAs { username: String, id: String },
    /// Merges records as a person would: losers are deleted and point to the winner, children move.
    Merge { winner: String, losers: Vec<String> },
    /// Marks a lead as converted to these records.
    ConvertLead {
        lead: String,
        account: String,
        contact: String,
        opportunity: Option<String>,
    },
    /// Loads records without checks or log entries.
    Load {
        object: String,
        records: Vec<Map<String, Json>>,
    },
    /// Generates accounts with contacts, without checks or log entries.
    Generate {
        accounts: u64,
        contacts_per_account: u64,
        opportunities_per_account: u64,
    },
    /// A record as stored, deleted ones included.
    Record { id: String },
    /// Runs SOQL as the administrator, deleted rows included when `all_rows`.
    Query { soql: String, all_rows: bool },
    /// Committed saves after a position.
    WriteLog { after_seq: u64, limit: usize },
    /// Attempts that left nothing, after a position.
    Attempts { after_seq: u64, limit: usize },
    /// Forgets both logs.
    ClearLogs,
    /// Counters.
    Stats,
    /// Presses Allow or Deny on the consent page of an authorisation URL and returns where it redirects.
    Approve {
        url: String,
        username: String,
        allow: bool,
    },
    /// An access token for a user, without any OAuth flow.
    TokenFor { username: String },
}

/// Counters of a running org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// HTTP requests of every kind.
    pub requests: u64,
    /// Data API calls since the start.
    pub api_calls: u64,
    /// Data API calls counted against the daily quota.
    pub api_calls_today: u64,
    /// Committed saves since the start.
    pub writes: u64,
    /// Refreshes that were granted.
    pub refreshes: u64,
    /// Refresh tokens shown after they had been rotated out or revoked.
    pub replays: u64,
    /// How often a fault has hit a request: a test knows by it that the call it wanted to break is under way.
    pub fault_hits: u64,
}
