//! What is gone: deleted, merged, or not met by a full load.

use super::contact::{forget_addresses, roll_up};
use crate::domain::projection::Records;
use sqlx::PgConnection;

/// Leaves tombstones. The kinds are few and each has its own table, hence one statement each.
pub(super) async fn deleted(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let of = |object: &str| -> (Vec<String>, Vec<chrono::DateTime<chrono::Utc>>) {
        records
            .deleted
            .iter()
            .filter(|row| row.object == object)
            .map(|row| (row.id.clone(), row.modstamp))
            .unzip()
    };
    macro_rules! bury {
        ($object:literal, $sql:literal) => {
            let (ids, modstamps) = of($object);
            if !ids.is_empty() {
                sqlx::query!($sql, workspace, &ids, &modstamps)
                    .execute(&mut *connection)
                    .await?;
            }
        };
    }
    bury!(
        "Account",
        "update matching.account r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Contact",
        "update matching.contact r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Lead",
        "update matching.lead r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Opportunity",
        "update matching.opportunity r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "OpportunityContactRole",
        "update matching.contact_role r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "OpportunityTeamMember",
        "update matching.team_member r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "OpportunityLineItem",
        "update matching.opportunity_product r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    bury!(
        "Event",
        "update matching.calendar_event r set is_deleted = true, modstamp = t.modstamp
         from unnest($2::text[], $3::timestamptz[]) as t (id, modstamp)
         where r.workspace = $1 and r.id = t.id and r.modstamp <= t.modstamp"
    );
    merged(connection, workspace, records).await?;
    let (contacts, _) = of("Contact");
    let before = forget_addresses(connection, workspace, &contacts).await?;
    roll_up(connection, workspace, before.into_iter().collect()).await
}

/// Remembers where merged records went.
async fn merged(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let (ids, masters): (Vec<String>, Vec<String>) = records
        .deleted
        .iter()
        .filter(|row| !row.master_id.is_empty())
        .map(|row| (row.id.clone(), row.master_id.clone()))
        .unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with gone as (select distinct on (id) id, master_id from unnest($2::text[], $3::text[]) as t (id, master_id)),
         flat as (
             update matching.merged m set master_id = g.master_id from gone g where m.workspace = $1 and m.master_id = g.id
         )
         insert into matching.merged (workspace, id, master_id) select $1, id, master_id from gone
         on conflict (workspace, id) do update set master_id = excluded.master_id",
        workspace,
        &ids,
        &masters,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what a full load did not meet, and lets decisions begin.
pub(super) async fn complete(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    if records.full {
        let generation = records.generation;
        let gone: Vec<String> = sqlx::query_scalar!(
            "update matching.contact set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted returning id",
            workspace,
            generation,
        )
        .fetch_all(&mut *connection)
        .await?;
        let before = forget_addresses(connection, workspace, &gone).await?;
        roll_up(connection, workspace, before.into_iter().collect()).await?;
        macro_rules! sweep {
            ($($sql:literal),*) => {
                $(sqlx::query!($sql, workspace, generation).execute(&mut *connection).await?;)*
            };
        }
        sweep!(
            "update matching.account set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.lead set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.opportunity set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.contact_role set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.team_member set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.opportunity_product set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.calendar_event set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted",
            "update matching.crm_user set is_deleted = true where workspace = $1 and generation < $2 and not is_deleted"
        );
    }
    sqlx::query!(
        "update matching.workspace set loaded_at = coalesce(loaded_at, now()) where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}
