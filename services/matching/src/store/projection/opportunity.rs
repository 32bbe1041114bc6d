//! Opportunities with who and what belongs to them: contact roles, teams, products.

use crate::domain::projection::Records;
use sqlx::PgConnection;

/// Earlier states of a deal kept: a deal that closes, reopens and moves has a handful.
const PAST_STATES_MAX: i64 = 8;

/// Opportunities. What a person last left in name and type is kept beside what stands there now, and the states before each
/// edit with the time they held until: our own edits are no evidence, and a deal is weighed as it was at the meeting.
pub(super) async fn opportunities(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.opportunities;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.opportunity as o
             (workspace, id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, created_at, modstamp, generation,
              name_by_hand, type_by_hand, is_ours)
           select distinct on (t.id) $1, t.id, t.account_id, t.name, t.type, t.owner_id, t.record_type_id, t.is_closed,
                  t.close_date, t.created_at, t.modstamp, $2,
                  case when t.touched_by_us and w.loaded_at is not null then null else t.name end,
                  case when t.touched_by_us and w.loaded_at is not null then null else t.type end,
                  t.by_us and t.touched_by_us and w.loaded_at is not null
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::date[],
                       $11::timestamptz[], $12::timestamptz[], $13::bool[], $14::bool[])
                as t (id, account_id, name, type, owner_id, record_type_id, is_closed, close_date, created_at, modstamp, by_us,
                      touched_by_us)
           join matching.workspace w on w.workspace = $1
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               account_id = excluded.account_id, name = excluded.name, type = excluded.type, owner_id = excluded.owner_id,
               record_type_id = excluded.record_type_id, is_closed = excluded.is_closed, close_date = excluded.close_date,
               created_at = excluded.created_at, modstamp = excluded.modstamp, generation = excluded.generation,
               is_deleted = false,
               name_by_hand = coalesce(excluded.name_by_hand, o.name_by_hand),
               type_by_hand = coalesce(excluded.type_by_hand, o.type_by_hand),
               is_ours = o.is_ours and excluded.name_by_hand is null,
               past = case
                   when (o.is_closed, o.close_date, o.owner_id, o.record_type_id)
                       is distinct from (excluded.is_closed, excluded.close_date, excluded.owner_id, excluded.record_type_id)
                   then (
                       select coalesce(jsonb_agg(s.state order by s.number), '[]') from (
                           select state, number
                           from jsonb_array_elements(o.past || jsonb_build_array(jsonb_build_object(
                               'until', excluded.modstamp, 'is_closed', o.is_closed, 'close_date', o.close_date,
                               'owner_id', o.owner_id, 'record_type_id', o.record_type_id
                           ))) with ordinality as e (state, number)
                           order by number desc limit $15
                       ) s
                   )
                   else o.past
               end
           where o.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.r#type.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.record_type_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.is_closed).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.close_date).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.created_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
        PAST_STATES_MAX,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Contact roles.
pub(super) async fn contact_roles(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.contact_roles;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.contact_role (workspace, id, opportunity_id, contact_id, modstamp, generation, is_ours)
           select distinct on (t.id) $1, t.id, t.opportunity_id, t.contact_id, t.modstamp, $2,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bool[])
                as t (id, opportunity_id, contact_id, modstamp, by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               opportunity_id = excluded.opportunity_id, contact_id = excluded.contact_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.contact_role.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.opportunity_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.contact_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Members of opportunity teams.
pub(super) async fn team_members(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.team_members;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.team_member (workspace, id, opportunity_id, user_id, modstamp, generation, is_ours)
           select distinct on (t.id) $1, t.id, t.opportunity_id, t.user_id, t.modstamp, $2,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bool[])
                as t (id, opportunity_id, user_id, modstamp, by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               opportunity_id = excluded.opportunity_id, user_id = excluded.user_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.team_member.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.opportunity_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.user_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Products on opportunities.
pub(super) async fn products(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.products;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.opportunity_product (workspace, id, opportunity_id, name, code, modstamp, generation, is_ours)
           select distinct on (t.id) $1, t.id, t.opportunity_id, t.name, t.code, t.modstamp, $2,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bool[])
                as t (id, opportunity_id, name, code, modstamp, by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               opportunity_id = excluded.opportunity_id, name = excluded.name, code = excluded.code, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.opportunity_product.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.opportunity_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
