//! Leads.

use super::Unchanged;
use crate::domain::projection::Records;
use sqlx::PgConnection;

pub(super) async fn leads(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
    same: &Unchanged,
) -> Result<(), sqlx::Error> {
    let rows = &records.leads;
    if rows.is_empty() {
        return Ok(());
    }
    super::phone::replace(
        connection,
        workspace,
        "Lead",
        rows.iter()
            .filter(|row| !same.leads.contains(&row.id))
            .map(|row| (&row.id, &row.phones))
            .collect(),
    )
    .await?;
    sqlx::query!(
        r#"insert into matching.lead
             (workspace, id, name, company, address, is_converted, converted_account_id, converted_contact_id, modstamp, generation,
              is_ours)
           select distinct on (t.id) $1, t.id, t.name, t.company, t.address, t.is_converted, t.account_id, t.contact_id, t.modstamp, $2,
                  t.by_us and t.touched_by_us
                      and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::text[], $10::timestamptz[],
                       $11::bool[], $12::bool[])
                as t (id, name, company, address, is_converted, account_id, contact_id, modstamp, by_us, touched_by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               name = excluded.name, company = excluded.company, address = excluded.address,
               is_converted = excluded.is_converted, converted_account_id = excluded.converted_account_id,
               converted_contact_id = excluded.converted_contact_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false, is_ours = matching.lead.is_ours and excluded.is_ours
           where matching.lead.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.company.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.address.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.is_converted).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.converted_contact_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.touched_by_us).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
