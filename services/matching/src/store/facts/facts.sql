-- One statement, whatever the number of meetings: what the projection knows under their keys, each row with its kind.
-- Each table is asked key by key, in a lateral with a limit or an offset: those are never reordered. A plain join of the lists
-- would be planned without knowing how long they are, once, and on a new database before it has statistics: then one that
-- read every contact for every address was kept [measured: 64 meetings of 3,000 contacts 327 ms, key by key 6 ms].
with
address as (select distinct workspace, address from unnest($1::text[], $2::text[]) as t (workspace, address)),
domain as (select distinct workspace, domain from unnest($3::text[], $4::text[]) as t (workspace, domain)),
named_record as (
    select distinct workspace, object, id
    from unnest($5::text[], $6::text[], $7::text[]) as t (workspace, object, id)
),
merged as (
    select r.workspace, r.id, m.master_id
    from named_record r
    cross join lateral (
        select m.master_id from matching.merged m where m.workspace = r.workspace and m.id = r.id limit 1
    ) m
),
record as (
    select workspace, object, id from named_record
    union
    select r.workspace, r.object, m.master_id
    from named_record r join merged m on m.workspace = r.workspace and m.id = r.id
),
meeting as (
    select workspace, id, string_to_array(last_keys, chr(10)) as last_keys, string_to_array(first_keys, chr(10)) as first_keys,
           started_at
    from unnest($8::text[], $9::text[], $12::text[], $13::text[], $18::timestamptz[]) as t (workspace, id, last_keys, first_keys, started_at)
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
    cross join lateral (
        select * from matching.choice c where c.workspace = m.workspace and c.meeting_id = m.id offset 0
    ) c
    left join lateral (
        select g.master_id from matching.merged g where g.workspace = c.workspace and g.id = c.account_id limit 1
    ) g on true
),
mail as (
    select a.workspace, a.address, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
    from address a
    cross join lateral (
        select contact_id from matching.contact_address ca
        where ca.workspace = a.workspace and ca.address = a.address limit 41
    ) ca
    cross join lateral (
        select * from matching.contact c
        where c.workspace = a.workspace and c.id = ca.contact_id and not c.is_deleted and not c.is_ours limit 1
    ) c
    union all
    select p.workspace, a.address, '' as id, p.id as account_id, '' as first_name, p.name as last_name, p.modstamp
    from address a
    cross join lateral (
        select * from matching.account p
        where p.workspace = a.workspace and p.person_address = a.address and not p.is_deleted and not p.is_ours offset 0
    ) p
),
named_contact as (
    select c.workspace, c.id, c.account_id, c.first_name, c.last_name, c.touched_at
    from record r
    cross join lateral (
        select * from matching.contact c
        where c.workspace = r.workspace and c.id = r.id and not c.is_deleted limit 1
    ) c
    where r.object = 'Contact'
),
lead as (
    select l.workspace, l.id, l.name, l.company, l.address, l.is_converted, l.converted_account_id, l.converted_contact_id
    from address a
    cross join lateral (
        select * from matching.lead l
        where l.workspace = a.workspace and l.address = a.address and not l.is_deleted and not l.is_ours offset 0
    ) l
    union
    select l.workspace, l.id, l.name, l.company, l.address, l.is_converted, l.converted_account_id, l.converted_contact_id
    from record r
    cross join lateral (
        select * from matching.lead l where l.workspace = r.workspace and l.id = r.id and not l.is_deleted limit 1
    ) l
    where r.object = 'Lead'
),
by_phone as (
    select p.workspace, p.key, c.id, c.account_id, c.first_name, c.last_name, c.touched_at,
           case when p.key like '~%' then (
               select i.key from matching.phone i
               where i.workspace = c.workspace and i.object = 'Contact' and i.record_id = c.id
                 and i.key like '+%' and right(i.key, length(p.key) - 1) = substr(p.key, 2) limit 1
           ) end as international
    from phone_key p
    cross join lateral (
        select record_id from matching.phone n
        where n.workspace = p.workspace and n.key = p.key and n.object = 'Contact' limit 41
    ) n
    cross join lateral (
        select * from matching.contact c
        where c.workspace = p.workspace and c.id = n.record_id and not c.is_deleted and not c.is_ours limit 1
    ) c
),
lead_by_phone as (
    select p.workspace, p.key, l.id, l.name, l.company, l.is_converted, l.converted_account_id, l.converted_contact_id
    from phone_key p
    cross join lateral (
        select record_id from matching.phone n
        where n.workspace = p.workspace and n.key = p.key and n.object = 'Lead' limit 41
    ) n
    cross join lateral (
        select * from matching.lead l
        where l.workspace = p.workspace and l.id = n.record_id and not l.is_deleted and not l.is_ours limit 1
    ) l
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
        where a.workspace = s.workspace and a.website_skeleton = s.key and not a.is_deleted and not a.is_ours limit 41
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
        where w.workspace = d.workspace and w.website_domain = d.domain and not w.is_deleted and not w.is_ours limit 41
    ) w
),
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
         where k.kind = 'domain' and w.workspace = k.workspace and w.website_domain = k.key and not w.is_deleted
            and not w.is_ours limit 41)
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
    from domain d
    cross join lateral (
        select * from matching.domain_rule r where r.workspace = d.workspace and r.domain = d.domain offset 0
    ) r
),
-- Calendar events of people in the room around the beginning, by the owner's calendar and by whom they are with.
calendar as (
    select distinct m.workspace, m.id as meeting_id, e.id, e.subject, e.starts_at, e.owner_id, e.who_id, e.account_id, e.what_id
    from asked k
    join meeting m on m.workspace = k.workspace and m.id = k.meeting_id
    cross join lateral (
        (select e.* from (
             select u.id from matching.crm_user u where u.workspace = k.workspace and u.address = k.key and not u.is_deleted offset 0
         ) u
         cross join lateral (
             select * from matching.calendar_event e
             where e.workspace = k.workspace and e.owner_id = u.id and not e.is_deleted and not e.is_ours
               and e.starts_at between m.started_at - interval '15 minutes' and m.started_at + interval '15 minutes' limit 11
         ) e limit 11)
        union all
        (select e.* from (
             select ca.contact_id from matching.contact_address ca where ca.workspace = k.workspace and ca.address = k.key limit 41
         ) ca
         cross join lateral (
             select * from matching.calendar_event e
             where e.workspace = k.workspace and e.who_id = ca.contact_id and e.who_id <> '' and not e.is_deleted and not e.is_ours
               and e.starts_at between m.started_at - interval '15 minutes' and m.started_at + interval '15 minutes' limit 11
         ) e limit 11)
    ) e
    where k.kind = 'address'
),
-- What earlier meetings of the series were decided to be.
earlier as (
    select m.workspace, m.id as meeting_id, s.meeting_id as earlier_id, s.opportunity_id, s.by_person, s.started_at
    from asked k
    join meeting m on m.workspace = k.workspace and m.id = k.meeting_id
    cross join lateral (
        select * from matching.series s
        where s.workspace = k.workspace and s.key = k.key and s.meeting_id <> m.id and s.started_at < m.started_at
          and s.opportunity_id <> ''
        order by s.started_at desc limit 10
    ) s
    where k.kind = 'series'
),
named_opportunity as (
    select workspace, id from record where object = 'Opportunity'
    union select workspace, opportunity_id from choice where opportunity_id is not null
    union select workspace, what_id from calendar where what_id like '006%'
    union select workspace, key from asked where kind = 'opportunity'
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
    union select workspace, what_id from calendar where what_id like '001%'
    union select workspace, account_id from calendar where account_id <> ''
    union
    select o.workspace, o.account_id
    from named_opportunity n
    cross join lateral (
        select o.* from matching.opportunity o where o.workspace = n.workspace and o.id = n.id limit 1
    ) o
),
found as (
    select a.workspace, a.id, a.name, a.owner_id, a.type, a.parent_id, a.last_activity
    from account_id i
    cross join lateral (
        select * from matching.account a where a.workspace = i.workspace and a.id = i.id and not a.is_deleted limit 1
    ) a
),
-- Parents and subsidiaries, where their deals may be meant too.
account as (
    select workspace, id, name, owner_id, type, parent_id, last_activity from found
    union
    select g.workspace, g.id, g.name, g.owner_id, g.type, g.parent_id, g.last_activity
    from matching.workspace w
    join found a on a.workspace = w.workspace
    cross join lateral (
        (select p.* from matching.account p
         where p.workspace = a.workspace and p.id = a.parent_id and a.parent_id <> '' and not p.is_deleted)
        union all
        (select c.* from matching.account c
         where c.workspace = a.workspace and c.parent_id = a.id and c.parent_id <> '' and not c.is_deleted limit 21)
    ) g
    where w.workspace = any($11) and w.group_deals
),
opportunity as (
    select o.workspace, o.id, o.account_id, coalesce(o.name_by_hand, o.name) as name, coalesce(o.type_by_hand, o.type) as type,
           o.owner_id, o.record_type_id, o.is_closed, o.close_date, o.created_at, o.is_ours, o.past
    from account a
    cross join lateral (
        select * from matching.opportunity o
        where o.workspace = a.workspace and o.account_id = a.id and not o.is_deleted and not o.is_ours
          and (not o.is_closed or o.past <> '[]' or o.close_date >= $10::date - (
              select coalesce(w.window_days, 14) + 1 from matching.workspace w where w.workspace = a.workspace
          ))
        limit 101
    ) o
    union
    select o.workspace, o.id, o.account_id, coalesce(o.name_by_hand, o.name) as name, coalesce(o.type_by_hand, o.type) as type,
           o.owner_id, o.record_type_id, o.is_closed, o.close_date, o.created_at, o.is_ours, o.past
    from named_opportunity n
    cross join lateral (
        select * from matching.opportunity o where o.workspace = n.workspace and o.id = n.id and not o.is_deleted limit 1
    ) o
)
select 'workspace' as "kind!", w.workspace as "workspace!", '' as "key!",
       json_build_object('loaded', w.loaded_at is not null, 'names_version', w.names_version,
           'account_matched', w.account_matched_millibits, 'opportunity_matched', w.opportunity_matched_millibits,
           'window_days', w.window_days, 'pipelines', w.pipelines, 'slope', w.calibration_slope,
           'offset', w.calibration_offset, 'phone_region', w.phone_region, 'group_deals', w.group_deals)::text as "body!"
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
select 'phone', workspace, key, json_build_object('id', id, 'account_id', account_id, 'first_name', first_name,
           'last_name', last_name, 'touched_at', touched_at, 'international', international)::text
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
    'close_date', o.close_date, 'created_at', o.created_at, 'is_ours', o.is_ours, 'past', o.past,
    'team', array(
        select t.user_id from matching.team_member t
        where t.workspace = o.workspace and t.opportunity_id = o.id and not t.is_deleted and not t.is_ours limit 41
    ),
    'products', array(
        select p.name || ' ' || p.code from matching.opportunity_product p
        where p.workspace = o.workspace and p.opportunity_id = o.id and not p.is_deleted and not p.is_ours
        order by p.id limit 21
    ),
    'roles', array(
        select r.contact_id from matching.contact_role r
        where r.workspace = o.workspace and r.opportunity_id = o.id and not r.is_deleted and not r.is_ours
        order by r.contact_id limit 101
    ))::text
from opportunity o
left join lateral (
    select u.is_active from matching.crm_user u
    where u.workspace = o.workspace and u.id = o.owner_id and not u.is_deleted limit 1
) u on true
union all
select 'user', u.workspace, u.address, json_build_object('id', u.id)::text
from address a
cross join lateral (
    select * from matching.crm_user u where u.workspace = a.workspace and u.address = a.address and not u.is_deleted offset 0
) u
union all
select 'calendar', e.workspace, e.meeting_id, json_build_object(
    'id', e.id, 'subject', e.subject, 'starts_at', e.starts_at, 'what_id', e.what_id, 'account_id', e.account_id,
    'owner', coalesce((
        select u.address from matching.crm_user u where u.workspace = e.workspace and u.id = e.owner_id and not u.is_deleted
    ), ''),
    'who', array(
        select ca.address from matching.contact_address ca where ca.workspace = e.workspace and ca.contact_id = e.who_id limit 9
    ))::text
from calendar e
union all
select 'earlier', workspace, meeting_id, json_build_object(
    'meeting_id', earlier_id, 'opportunity_id', opportunity_id, 'by_person', by_person, 'started_at', started_at)::text
from earlier
union all
select 'merged', workspace, id, json_build_object('master_id', master_id)::text from merged
union all
select 'user_domain', d.workspace, d.domain, '{}'
from domain d
where exists (
    select 1 from matching.crm_user u
    where u.workspace = d.workspace and u.domain = d.domain and u.is_active and not u.is_deleted
)
