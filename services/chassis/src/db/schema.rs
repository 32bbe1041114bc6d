//! The two tables chassis keeps in every service's schema, and the statements on them.
//!
//! Services own their migrations, so the tables are created by text each service copies into its first
//! migration, with its own schema name in place of `SCHEMA` ([`INBOX_OUTBOX_SQL`]). The statements are built once
//! from the schema constant, which is checked to be a plain lower-case identifier, and tested here.

use std::sync::Arc;

/// What every service's first migration must contain, with `SCHEMA` replaced by its schema.
///
/// * `inbox`: one row per message a consumer has finished; written in the same transaction as the effect, so a
///   redelivery finds it and does nothing. Pruned by age.
/// * `outbox`: one row per event to publish, in the order of the emitting transactions' inserts. The relay deletes
///   a row only after JetStream confirmed it, so an empty table means that everything was published.
///
/// `autovacuum_vacuum_scale_factor` is low because rows live for milliseconds: a queue table must be vacuumed by
/// its dead rows, not by a share of a size it never has.
pub const INBOX_OUTBOX_SQL: &str = "\
create table SCHEMA.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on SCHEMA.inbox (at);

create table SCHEMA.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
";

/// The SQL above for one schema, ready for a migration or a test.
#[must_use]
pub fn inbox_outbox_sql(schema: &str) -> String {
    INBOX_OUTBOX_SQL.replace("SCHEMA", schema)
}

/// The role a service acts as in Postgres: rights on its own schema and nothing else.
#[must_use]
pub fn role_name(schema: &str) -> String {
    format!("ergo_{schema}")
}

/// True for names that can stand in SQL without quoting: `[a-z][a-z0-9_]*`, at most 48 characters so that the
/// role's name fits Postgres' 63.
#[must_use]
pub fn is_plain_identifier(name: &str) -> bool {
    name.len() <= 48
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The statements of one schema.
#[derive(Debug)]
pub(crate) struct Statements {
    /// Claims ids for a consumer and returns those that were new. `$1` consumer, `$2` ids (sorted).
    pub(crate) claim: Arc<str>,
    /// Appends outbox rows in order. `$1` event ids, `$2` subjects, `$3` payloads, `$4` headers as JSON text.
    pub(crate) append: Arc<str>,
    /// The oldest unsent rows. `$1` limit.
    pub(crate) unsent: Arc<str>,
    /// Forgets confirmed rows. `$1` ids.
    pub(crate) sent: Arc<str>,
    /// Depth (counted up to 100,000) and age in seconds of the oldest unsent row.
    pub(crate) backlog: Arc<str>,
    /// Deletes inbox rows older than `$1` days, at most `$2` of them.
    pub(crate) prune: Arc<str>,
    /// Takes the relay's session lock without waiting.
    pub(crate) lead: Arc<str>,
}

impl Statements {
    /// # Panics
    /// When `schema` is not a plain identifier: it is a constant of the program, not input.
    pub(crate) fn new(schema: &'static str) -> Self {
        assert!(
            is_plain_identifier(schema),
            "schema {schema:?} must match [a-z][a-z0-9_]* and have at most 48 characters"
        );
        let s = schema;
        Self {
            // `order by` so that two replicas that hold the same redelivered messages lock rows in one order.
            claim: format!(
                "insert into {s}.inbox (consumer, event_id) \
                 select $1, id from unnest($2::text[]) as id order by id \
                 on conflict do nothing returning event_id"
            )
            .into(),
            append: format!(
                "insert into {s}.outbox (event_id, subject, payload, headers) \
                 select event_id, subject, payload, headers::jsonb \
                 from unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) \
                 with ordinality as row (event_id, subject, payload, headers, position) order by position"
            )
            .into(),
            unsent: format!(
                "select id, event_id, subject, payload, headers::text as headers from {s}.outbox order by id limit $1"
            )
            .into(),
            sent: format!("delete from {s}.outbox where id = any($1)").into(),
            backlog: format!(
                "select (select count(*) from (select 1 from {s}.outbox limit 100000) as counted) as depth, \
                 coalesce((select extract(epoch from now() - at) from {s}.outbox order by id limit 1), 0)::float8 as age_s"
            )
            .into(),
            prune: format!(
                "delete from {s}.inbox where ctid = any(array(\
                 select ctid from {s}.inbox where at < now() - make_interval(days => $1) limit $2))"
            )
            .into(),
            lead: format!("select pg_try_advisory_lock(hashtextextended('ergo.relay.{s}', 0))").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_identifiers_may_stand_in_sql() {
        for (name, plain) in [
            ("metadata_sync", true),
            ("a1", true),
            ("", false),
            ("1a", false),
            ("Auth", false),
            ("auth; drop table x", false),
            ("a\"b", false),
        ] {
            assert_eq!(is_plain_identifier(name), plain, "{name:?}");
        }
        assert!(!is_plain_identifier(&"a".repeat(49)));
    }

    #[test]
    fn the_migration_text_is_qualified_throughout() {
        let sql = inbox_outbox_sql("auth");
        assert!(!sql.contains("SCHEMA"));
        assert_eq!(sql.matches("auth.").count(), 3);
    }
}
