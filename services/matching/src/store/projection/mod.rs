//! Writes records into the projection: one statement per kind of record, whatever their number. A version older than the
//! stored one changes nothing, so the order of arrival does not matter.

mod account;
mod calendar;
mod contact;
mod gone;
mod lead;
mod opportunity;
mod phone;
mod unchanged;
mod user;

pub use unchanged::Unchanged;

use super::affected;
use crate::domain::projection::Records;
use sqlx::PgConnection;

/// Writes one event's records.
///
/// # Errors
/// When Postgres does not answer or refuses.
pub async fn apply(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    known(connection, workspace, records).await?;
    let same = unchanged::unchanged(connection, workspace, records).await?;
    affected::before(connection, workspace, records, &same).await?;
    account::accounts(connection, workspace, records).await?;
    contact::contacts(connection, workspace, records, &same).await?;
    lead::leads(connection, workspace, records, &same).await?;
    opportunity::opportunities(connection, workspace, records).await?;
    opportunity::contact_roles(connection, workspace, records).await?;
    opportunity::team_members(connection, workspace, records).await?;
    opportunity::products(connection, workspace, records).await?;
    calendar::events(connection, workspace, records).await?;
    user::users(connection, workspace, records).await?;
    gone::deleted(connection, workspace, records).await?;
    affected::after(connection, workspace, records, &same).await?;
    if records.load_complete {
        gone::complete(connection, workspace, records).await?;
    }
    Ok(())
}

async fn known(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.workspace (workspace, organization_id, connected_user_id, generation)
         values ($1, $2, $3, $4)
         on conflict (workspace) do update set
             organization_id = excluded.organization_id,
             connected_user_id = excluded.connected_user_id,
             generation = greatest(matching.workspace.generation, excluded.generation)",
        workspace,
        records.organization_id,
        records.connected_user_id,
        records.generation,
    )
    .execute(connection)
    .await?;
    Ok(())
}
