//! Loads what is known about a batch of meetings: one statement, whatever the batch's size (matching guide, section 4).

use super::fact_rows::add;
use crate::domain::facts::{DomainClass, Facts};
use crate::domain::keys::Keys;
use chassis::Scope;
use chrono::{DateTime, NaiveDate, Utc};
use events::WorkspaceId;
use std::collections::{HashMap, HashSet};

/// What one meeting asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The meeting, for a person's choice.
    pub meeting_id: String,
    /// When it began: opportunities closed long before, the workspace's window and a day for the time zone, are not loaded.
    pub started_at: DateTime<Utc>,
    /// Its keys.
    pub keys: Keys,
}

/// What is known in one workspace, and which version of its names that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The facts.
    pub facts: Facts,
    /// Grows whenever an account's name changes.
    pub names_version: i64,
}

/// What is known, by workspace; a workspace that is not there is not known at all.
///
/// # Errors
/// When Postgres does not answer or a stored row cannot be read.
pub async fn load(
    scope: &Scope,
    questions: &[Question],
) -> Result<HashMap<WorkspaceId, Loaded>, sqlx::Error> {
    let asked = Asked::of(questions);
    let mut connection = scope.acquire().await?;
    // The best plan does not depend on which keys are asked, and planning anew would cost as much as the answer [measured at
    // 1 M contacts: one meeting 0.7 ms planned once, 8 ms planned each time].
    sqlx::raw_sql("set plan_cache_mode = force_generic_plan")
        .execute(&mut *connection)
        .await?;
    let rows = sqlx::query!(
        r#"
        with
        address as (select distinct workspace, address from unnest($1::text[], $2::text[]) as t (workspace, address)),
        domain as (select distinct workspace, domain from unnest($3::text[], $4::text[]) as t (workspace, domain)),
        named_record as (
            select distinct workspace, object, id
            from unnest($5::text[], $6::text[], $7::text[]) as t (workspace, object, id)
        ),
        merged as (
            select r.workspace, r.id, m.master_id
            from named_record r join matching.merged m on m.workspace = r.workspace and m.id = r.id
        ),
        record as (
            select workspace, object, id from named_record
            union
            select r.workspace, r.object, m.master_id
            from named_record r join merged m on m.workspace = r.workspace and m.id = r.id
        ),
        meeting as (
            select workspace, id, string_to_array(last_keys, chr(10)) as last_keys, string_to_array(first_keys, chr(10)) as first_keys
            from unnest($8::text[], $9::text[], $12::text[], $13::text[]) as t (workspace, id, last_keys, first_keys)
        ),
        -- Which meeting asked with which address, domain or named account: names are looked up within its accounts only.
        asked as (
            select workspace, meeting_id, kind, key
            from unnest($14::text[], $15::text[], $16::text[], $17::text[]) as t (workspace, meeting_id, kind, key)
        ),
        phone_key as (select distinct workspace, key from asked where kind = 'phone'),
        skeleton as (select distinct workspace, key from asked where kind = 'skeleton'),
        full_name as (select distinct workspace, key from asked where kind = 'full_name'),
        choice as (
            select c.workspace, c.meeting_id, coalesce(g.master_id, c.account_id) as account_id, c.opportunity_id, c.chosen_by
            from meeting m
            join matching.choice c on c.workspace = m.workspace and c.meeting_id = m.id
            left join matching.merged g on g.workspace = c.workspace and g.id = c.account_id
        ),
        mail as (
            select a.workspace, a.address, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
            from address a
            cross join lateral (
                select contact_id from matching.contact_address ca
                where ca.workspace = a.workspace and ca.address = a.address limit 41
            ) ca
            join matching.contact c on c.workspace = a.workspace and c.id = ca.contact_id and not c.is_deleted
                and not c.is_ours
            union all
            select p.workspace, a.address, '' as id, p.id as account_id, '' as first_name, p.name as last_name, p.modstamp
            from address a
            join matching.account p on p.workspace = a.workspace and p.person_address = a.address and not p.is_deleted
        ),
        named_contact as (
            select c.workspace, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
            from record r
            join matching.contact c on c.workspace = r.workspace and c.id = r.id and not c.is_deleted
            where r.object = 'Contact'
        ),
        lead as (
            select l.workspace, l.id, l.name, l.company, l.address, l.is_converted, l.converted_account_id, l.converted_contact_id
            from address a
            join matching.lead l on l.workspace = a.workspace and l.address = a.address and not l.is_deleted
            union
            select l.workspace, l.id, l.name, l.company, l.address, l.is_converted, l.converted_account_id, l.converted_contact_id
            from record r
            join matching.lead l on l.workspace = r.workspace and l.id = r.id and not l.is_deleted
            where r.object = 'Lead'
        ),
        by_phone as (
            select p.workspace, p.key, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
            from phone_key p
            cross join lateral (
                select record_id from matching.phone n
                where n.workspace = p.workspace and n.key = p.key and n.object = 'Contact' limit 41
            ) n
            join matching.contact c on c.workspace = p.workspace and c.id = n.record_id and not c.is_deleted and not c.is_ours
        ),
        lead_by_phone as (
            select p.workspace, p.key, l.id, l.name, l.company, l.is_converted, l.converted_account_id, l.converted_contact_id
            from phone_key p
            cross join lateral (
                select record_id from matching.phone n
                where n.workspace = p.workspace and n.key = p.key and n.object = 'Lead' limit 41
            ) n
            join matching.lead l on l.workspace = p.workspace and l.id = n.record_id and not l.is_deleted
        ),
        by_full_name as (
            select f.workspace, f.key, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
            from full_name f
            cross join lateral (
                select * from matching.contact c
                where c.workspace = f.workspace and c.full_key = f.key and not c.is_deleted and not c.is_ours limit 41
            ) c
        ),
        by_skeleton as (
            select s.workspace, s.key, a.id, a.website_domain
            from skeleton s
            cross join lateral (
                select * from matching.account a
                where a.workspace = s.workspace and a.website_skeleton = s.key and not a.is_deleted limit 41
            ) a
        ),
        rollup as (
            select u.workspace, u.domain, u.account_id, u.contacts
            from domain d
            cross join lateral (
                select * from matching.domain_rollup u
                where u.workspace = d.workspace and u.domain = d.domain order by u.contacts desc, u.account_id limit 41
            ) u
        ),
        website as (
            select w.workspace, w.website_domain as domain, w.id
            from domain d
            cross join lateral (
                select * from matching.account w
                where w.workspace = d.workspace and w.website_domain = d.domain and not w.is_deleted limit 41
            ) w
        ),
        -- By index, key by key: a join of the lists themselves would be planned without knowing how long they are.
        proposed as (
            select distinct k.workspace, k.meeting_id, a.account_id
            from asked k
            cross join lateral (
                (select ca.account_id from matching.contact_address ca
                 where k.kind = 'address' and ca.workspace = k.workspace and ca.address = k.key limit 41)
                union all
                (select u.account_id from matching.domain_rollup u
                 where k.kind = 'domain' and u.workspace = k.workspace and u.domain = k.key
                 order by u.contacts desc, u.account_id limit 41)
                union all
                (select w.id from matching.account w
                 where k.kind = 'domain' and w.workspace = k.workspace and w.website_domain = k.key and not w.is_deleted limit 41)
                union all
                select k.key where k.kind = 'account'
            ) a
            where a.account_id <> ''
        ),
        namesake as (
            select distinct c.workspace, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
            from proposed p
            join meeting m on m.workspace = p.workspace and m.id = p.meeting_id
            cross join lateral (
                select c.* from unnest(m.last_keys) as k (key)
                cross join lateral (
                    select * from matching.contact c
                    where c.workspace = p.workspace and c.account_id = p.account_id and c.last_key = k.key
                      and not c.is_deleted and not c.is_ours limit 21
                ) c
                union all
                select c.* from unnest(m.first_keys) as k (key)
                cross join lateral (
                    select * from matching.contact c
                    where c.workspace = p.workspace and c.account_id = p.account_id and c.first_key = k.key
                      and not c.is_deleted and not c.is_ours limit 21
                ) c
            ) c
            where m.last_keys <> '{}'
        ),
        rule as (
            select r.workspace, r.domain, r.account_id, r.class
            from domain d join matching.domain_rule r on r.workspace = d.workspace and r.domain = d.domain
        ),
        named_opportunity as (
            select workspace, id from record where object = 'Opportunity'
            union select workspace, opportunity_id from choice where opportunity_id is not null
        ),
        account_id as (
            select workspace, account_id as id from mail
            union select workspace, account_id from named_contact
            union select workspace, converted_account_id from lead where is_converted
            union select workspace, account_id from rollup
            union select workspace, account_id from by_phone
            union select workspace, converted_account_id from lead_by_phone where is_converted
            union select workspace, account_id from by_full_name
            union select workspace, id from by_skeleton
            union select workspace, key from asked where kind = 'account'
            union select workspace, id from website
            union select workspace, account_id from rule
            union select workspace, account_id from choice where account_id is not null
            union select workspace, id from record where object = 'Account'
            union
            select o.workspace, o.account_id
            from named_opportunity n join matching.opportunity o on o.workspace = n.workspace and o.id = n.id
        ),
        account as (
            select a.workspace, a.id, a.name, a.owner_id, a.type, a.parent_id, a.last_activity
            from account_id i
            join matching.account a on a.workspace = i.workspace and a.id = i.id and not a.is_deleted
        ),
        opportunity as (
            select o.workspace, o.id, o.account_id, o.name, o.type, o.owner_id, o.record_type_id, o.is_closed, o.close_date,
                   o.created_at
            from account a
            cross join lateral (
                select * from matching.opportunity o
                where o.workspace = a.workspace and o.account_id = a.id and not o.is_deleted
                  and (not o.is_closed or o.close_date >= $10::date - (
                      select coalesce(w.window_days, 14) + 1 from matching.workspace w where w.workspace = a.workspace
                  ))
                limit 101
            ) o
            union
            select o.workspace, o.id, o.account_id, o.name, o.type, o.owner_id, o.record_type_id, o.is_closed, o.close_date,
                   o.created_at
            from named_opportunity n
            join matching.opportunity o on o.workspace = n.workspace and o.id = n.id and not o.is_deleted
        )
        select 'workspace' as "kind!", w.workspace as "workspace!", '' as "key!",
               json_build_object('loaded', w.loaded_at is not null, 'names_version', w.names_version,
                   'account_matched', w.account_matched_millibits, 'opportunity_matched', w.opportunity_matched_millibits,
                   'window_days', w.window_days, 'pipelines', w.pipelines, 'slope', w.calibration_slope,
                   'offset', w.calibration_offset)::text as "body!"
        from matching.workspace w where w.workspace = any($11)
        union all
        select 'mail', workspace, address,
               json_build_object('id', id, 'account_id', account_id, 'first_name', first_name, 'last_name', last_name, 'touched_at', touched_at)::text
        from mail
        union all
        select 'contact', workspace, id,
               json_build_object('id', id, 'account_id', account_id, 'first_name', first_name, 'last_name', last_name, 'touched_at', touched_at)::text
        from named_contact
        union all
        select 'lead', workspace, coalesce(address, ''),
               json_build_object('id', id, 'name', name, 'company', company, 'is_converted', is_converted,
                   'account_id', converted_account_id, 'contact_id', converted_contact_id)::text
        from lead
        union all
        select 'lead_phone', workspace, key,
               json_build_object('id', id, 'name', name, 'company', company, 'is_converted', is_converted,
                   'account_id', converted_account_id, 'contact_id', converted_contact_id)::text
        from lead_by_phone
        union all
        select 'phone', workspace, key, json_build_object('id', id, 'account_id', account_id,
                   'first_name', first_name, 'last_name', last_name, 'touched_at', touched_at)::text
        from by_phone
        union all
        select 'full_name', workspace, key, json_build_object('id', id, 'account_id', account_id,
                   'first_name', first_name, 'last_name', last_name, 'touched_at', touched_at)::text
        from by_full_name
        union all
        select 'namesake', workspace, account_id, json_build_object('id', id, 'account_id', account_id,
                   'first_name', first_name, 'last_name', last_name, 'touched_at', touched_at)::text
        from namesake
        union all
        select 'skeleton', workspace, key, json_build_object('account_id', id, 'domain', website_domain)::text from by_skeleton
        union all
        select 'rollup', workspace, domain, json_build_object('account_id', account_id, 'contacts', contacts)::text
        from rollup
        union all
        select 'website', workspace, domain, json_build_object('account_id', id)::text from website
        union all
        select 'rule', workspace, domain, json_build_object('account_id', account_id, 'class', class)::text from rule
        union all
        select 'choice', workspace, meeting_id, json_build_object(
            'account_id', account_id, 'opportunity_id', opportunity_id, 'chosen_by', chosen_by)::text
        from choice
        union all
        select 'account', workspace, id, json_build_object('id', id, 'name', name, 'owner_id', owner_id, 'type', type,
                   'parent_id', parent_id, 'last_activity', last_activity)::text
        from account
        union all
        select 'opportunity', o.workspace, o.id, json_build_object(
            'id', o.id, 'account_id', o.account_id, 'name', o.name, 'type', o.type, 'owner_id', o.owner_id,
            'owner_active', coalesce(u.is_active, false), 'record_type_id', o.record_type_id, 'is_closed', o.is_closed,
            'close_date', o.close_date, 'created_at', o.created_at,
            'roles', array(
                select r.contact_id from matching.contact_role r
                where r.workspace = o.workspace and r.opportunity_id = o.id and not r.is_deleted and not r.is_ours
                order by r.contact_id limit 101
            ))::text
        from opportunity o
        left join matching.crm_user u on u.workspace = o.workspace and u.id = o.owner_id and not u.is_deleted
        union all
        select 'user', u.workspace, u.address, json_build_object('id', u.id)::text
        from address a
        join matching.crm_user u on u.workspace = a.workspace and u.address = a.address and not u.is_deleted
        union all
        select 'merged', workspace, id, json_build_object('master_id', master_id)::text from merged
        union all
        select 'user_domain', d.workspace, d.domain, '{}'
        from domain d
        where exists (
            select 1 from matching.crm_user u
            where u.workspace = d.workspace and u.domain = d.domain and u.is_active and not u.is_deleted
        )
        "#,
        &asked.address_workspaces,
        &asked.addresses,
        &asked.domain_workspaces,
        &asked.domains,
        &asked.record_workspaces,
        &asked.record_objects,
        &asked.record_ids,
        &asked.meeting_workspaces,
        &asked.meeting_ids,
        asked.earliest,
        &asked.workspaces,
        &asked.last_keys,
        &asked.first_keys,
        &asked.key_workspaces,
        &asked.key_meetings,
        &asked.key_kinds,
        &asked.keys,
    )
    .fetch_all(&mut *connection)
    .await?;

    let mut found: HashMap<String, Loaded> = HashMap::new();
    let mut known: HashSet<String> = HashSet::new();
    for row in rows {
        if row.kind == "workspace" {
            known.insert(row.workspace.clone());
        }
        let facts = found.entry(row.workspace).or_default();
        add(facts, &row.kind, row.key, &row.body)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    }
    // Rules may be there before any record; only the workspace's own row makes it known.
    let workspaces = questions.iter().map(|question| &question.workspace);
    let mut facts = HashMap::new();
    for workspace in workspaces.filter(|workspace| known.contains(workspace.as_str())) {
        if let Some(of_workspace) = found.remove(workspace.as_str()) {
            facts.insert(workspace.clone(), of_workspace);
        }
    }
    Ok(facts)
}

/// The questions as parallel arrays.
#[derive(Debug, Default)]
struct Asked {
    workspaces: Vec<String>,
    address_workspaces: Vec<String>,
    addresses: Vec<String>,
    domain_workspaces: Vec<String>,
    domains: Vec<String>,
    record_workspaces: Vec<String>,
    record_objects: Vec<String>,
    record_ids: Vec<String>,
    meeting_workspaces: Vec<String>,
    meeting_ids: Vec<String>,
    earliest: NaiveDate,
    last_keys: Vec<String>,
    first_keys: Vec<String>,
    key_workspaces: Vec<String>,
    key_meetings: Vec<String>,
    key_kinds: Vec<String>,
    keys: Vec<String>,
}

impl Asked {
    fn of(questions: &[Question]) -> Self {
        let mut asked = Self::default();
        let earliest = questions
            .iter()
            .map(|question| question.started_at)
            .min()
            .unwrap_or_default();
        asked.earliest = earliest.date_naive();
        for question in questions {
            let workspace = question.workspace.as_str();
            asked.workspaces.push(workspace.to_owned());
            asked.meeting_workspaces.push(workspace.to_owned());
            asked.meeting_ids.push(question.meeting_id.clone());
            for address in &question.keys.addresses {
                asked.address_workspaces.push(workspace.to_owned());
                asked.addresses.push(address.clone());
            }
            for domain in &question.keys.domains {
                asked.domain_workspaces.push(workspace.to_owned());
                asked.domains.push(domain.clone());
            }
            let lines = |keys: &std::collections::BTreeSet<String>| {
                keys.iter().cloned().collect::<Vec<_>>().join("\n")
            };
            asked.last_keys.push(lines(&question.keys.last_keys));
            asked.first_keys.push(lines(&question.keys.first_keys));
            let kinds = [
                ("address", &question.keys.addresses),
                ("domain", &question.keys.domains),
                ("phone", &question.keys.phones),
                ("skeleton", &question.keys.skeletons),
                ("full_name", &question.keys.full_names),
                ("account", &question.keys.named_accounts),
            ];
            for (kind, keys) in kinds {
                for key in keys {
                    asked.key_workspaces.push(workspace.to_owned());
                    asked.key_meetings.push(question.meeting_id.clone());
                    asked.key_kinds.push(kind.to_owned());
                    asked.keys.push(key.clone());
                }
            }
            for (object, id) in &question.keys.records {
                asked.record_workspaces.push(workspace.to_owned());
                asked.record_objects.push(object.api_name().to_owned());
                asked.record_ids.push(id.clone());
            }
        }
        asked.workspaces.sort_unstable();
        asked.workspaces.dedup();
        asked
    }
}

/// A class as stored.
#[must_use]
pub fn class(text: &str) -> Option<DomainClass> {
    Some(match text {
        "internal" => DomainClass::Internal,
        "partner" => DomainClass::Partner,
        "customer" => DomainClass::Customer,
        "free" => DomainClass::Free,
        "alternate" => DomainClass::Alternate,
        _ => return None,
    })
}

/// A class as it is stored.
#[must_use]
pub fn class_text(class: DomainClass) -> &'static str {
    match class {
        DomainClass::Internal => "internal",
        DomainClass::Partner => "partner",
        DomainClass::Customer => "customer",
        DomainClass::Free => "free",
        DomainClass::Alternate => "alternate",
    }
}
