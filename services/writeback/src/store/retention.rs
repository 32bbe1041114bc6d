//! Purges what was said in meetings once it is old enough: titles, notes, quotes, values. What was decided, by whom, when
//! and with which outcome stays, and so does what we last wrote into a field, which guards people's edits.

use chassis::{Failure, Scope};

/// Purges the sets created more than `kept_days` ago of which nothing is on its way or waits for a person, at most
/// `sets_max` of them; answers how many.
///
/// # Errors
/// When Postgres fails.
pub async fn purge(scope: &Scope, kept_days: i32, sets_max: i64) -> Result<u64, Failure> {
    let mut unit = scope.begin().await?;
    let purged = sqlx::query_scalar!(
        r#"with old as (
             select s.id from writeback.change_set s
             where s.purged_at is null and s.created_at < now() - make_interval(days => $1)
               and not exists (
                 select 1 from writeback.change c where c.change_set_id = s.id
                   and c.state in ('proposed', 'approved', 'held', 'executing', 'uncertain', 'failed'))
             order by s.created_at limit $2 for update of s skip locked),
           gone as (delete from writeback.source using old where source.change_set_id = old.id),
           emptied as (
             update writeback.change c set evidence = '[]', baseline = null, piece = null, proposed = null, observed = null,
               rehearsal = null, reasons = coalesce((
                 select jsonb_agg((reason - 'rule' - 'message') || '{"message": "purged after its retention"}')
                 from jsonb_array_elements(c.reasons) reason), '[]')
             from old where c.change_set_id = old.id),
           marked as (
             update writeback.change_set s set title = '', empty_reason = '', purged_at = now()
             from old where s.id = old.id returning s.id)
           select count(*) as "count!" from marked"#,
        kept_days,
        sets_max
    )
    .fetch_one(unit.connection())
    .await?;
    unit.commit().await?;
    Ok(u64::try_from(purged).unwrap_or(0))
}
