//! How the schema in the database compares with this program: what was migrated, and by whom.
//!
//! After a rollback the schema is newer than the program, which is fine: migrations only expand, and each is valid for the
//! version before. A history that forks is not: then the schema belongs to another program.

use std::borrow::Cow;

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, PgConnection, migrate::Migrator};

use crate::service::Store;

/// How a schema stands to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Migrations are missing, up to the version that was found.
    Older(Option<i64>),
    /// Everything this program knows was migrated, and nothing else.
    Same,
    /// A newer version of this program has migrated it further.
    Newer,
}

/// Compares.
///
/// # Errors
/// When there is no history, or the schema has a migration that this program should know and does not.
pub(crate) async fn standing(
    connection: &mut PgConnection,
    store: &Store,
) -> anyhow::Result<Standing> {
    let found: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select version from {} where success order by version",
        store.migrator.table_name
    )))
    .fetch_all(connection)
    .await
    .with_context(|| {
        format!(
            "schema {} has no readable migration history: run migrate",
            store.schema
        )
    })?;
    let known: Vec<i64> = store
        .migrator
        .iter()
        .map(|migration| migration.version)
        .collect();
    compare(&known, &found).with_context(|| format!("schema {}", store.schema))
}

fn compare(known: &[i64], found: &[i64]) -> anyhow::Result<Standing> {
    let newest = known.iter().max().copied();
    let strange = found.iter().find(|version| !known.contains(version));
    if let Some(version) = strange.filter(|version| Some(**version) < newest) {
        anyhow::bail!(
            "has migration {version}, which this program does not know although it is not newer: it was migrated by \
             another program"
        );
    }
    if known.iter().any(|version| !found.contains(version)) {
        return Ok(Standing::Older(found.iter().max().copied()));
    }
    Ok(match strange {
        None => Standing::Same,
        Some(_) => Standing::Newer,
    })
}

/// The same migrations, for a schema that may be newer; [`standing`] says what is wrong with one that is not ours.
pub(crate) fn tolerant(migrator: &'static Migrator) -> Migrator {
    Migrator {
        migrations: Cow::Borrowed(migrator.migrations.as_ref()),
        ignore_missing: true,
        locking: migrator.locking,
        no_tx: migrator.no_tx,
        table_name: Cow::Borrowed(migrator.table_name.as_ref()),
        create_schemas: Cow::Borrowed(migrator.create_schemas.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_fine_and_a_forked_one_is_not() {
        for (known, found, expected) in [
            (&[1, 2][..], &[1, 2][..], Some(Standing::Same)),
            (&[1, 2], &[], Some(Standing::Older(None))),
            (&[1, 2], &[1], Some(Standing::Older(Some(1)))),
            (&[1, 2], &[1, 2, 3, 5], Some(Standing::Newer)),
            (&[1, 3], &[1, 2, 3], None),
            // Ours is still missing, and somebody else's newer one is there.
            (&[1, 2], &[1, 7], Some(Standing::Older(Some(7)))),
            (&[], &[], Some(Standing::Same)),
        ] {
            assert_eq!(compare(known, found).ok(), expected, "{known:?} {found:?}");
        }
    }
}
