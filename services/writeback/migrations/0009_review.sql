-- The review queue: the riskiest change first, filtered by what a reviewer looks for. The score is a sum of weights the
-- domain knows; here it only orders.
alter table writeback.change
    add column risk smallint not null default 0,
    -- Owner of the record when it was judged; empty when not read.
    add column owner_id text not null default '';
-- The queue, page by page.
create index change_review on writeback.change (workspace, (-risk), id) where state = 'held';
-- What nobody decided in time.
create index change_held_since on writeback.change (changed_at) where state = 'held';
-- What keeps a change waiting, as `gate.code` in order: changes with one text, of one kind, may be decided together.
create function writeback.held_for(reasons jsonb) returns text language sql immutable parallel safe as $$
    select coalesce(string_agg(distinct (reason ->> 'gate') || '.' || (reason ->> 'code'), ' '
               order by (reason ->> 'gate') || '.' || (reason ->> 'code')), '')
    from jsonb_array_elements(reasons) as reason where reason ->> 'verdict' <> 'pass'
$$;
