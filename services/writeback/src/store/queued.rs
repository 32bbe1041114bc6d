//! Counts unwritten changes by what they are written to.

use chassis::{Failure, Scope};

/// Unwritten changes of each target, in order: an object with a field, or with none for all of the object.
///
/// # Errors
/// When Postgres fails.
pub async fn counts(
    scope: &Scope,
    workspace: &str,
    targets: &[(String, String)],
) -> Result<Vec<u64>, Failure> {
    let objects: Vec<String> = targets.iter().map(|(object, _)| object.clone()).collect();
    let fields: Vec<String> = targets.iter().map(|(_, field)| field.clone()).collect();
    let counts = sqlx::query_scalar!(
        r#"select count(change.id) as "count!"
           from unnest($2::text[], $3::text[]) with ordinality as target (object, field, position)
           left join writeback.change as change
             on change.workspace = $1 and change.state in ('proposed', 'approved', 'held', 'executing', 'uncertain')
            and change.object = target.object and (target.field = '' or change.field = target.field)
           group by target.position order by target.position"#,
        workspace,
        &objects,
        &fields
    )
    .fetch_all(scope)
    .await?;
    Ok(counts.into_iter().map(i64::unsigned_abs).collect())
}
