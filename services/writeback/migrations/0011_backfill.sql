-- Writing history: which window of past meetings, what a sample of it showed, and which months a person approved.
create table writeback.backfill (
    id uuid primary key,
    workspace text not null,
    name text not null,
    state text not null check (state in ('draft', 'sampling', 'ready_for_review', 'running', 'paused', 'done', 'cancelled')),
    window_from timestamptz not null,
    window_until timestamptz not null check (window_until > window_from),
    -- Objects written; empty for all.
    objects text[] not null,
    sample_meetings_max integer not null check (sample_meetings_max > 0),
    meetings_expected bigint not null,
    sample jsonb,
    created_by text not null,
    cancelled_for text not null default '',
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    -- Nothing of it waits any more, and nobody has to look after it.
    settled boolean not null default false,
    -- One process at a time looks after it.
    lease_until timestamptz
);
create index backfill_newest on writeback.backfill (workspace, id desc);
-- Windows never compete for a meeting: there is one open backfill.
create unique index backfill_open on writeback.backfill (workspace) where state not in ('done', 'cancelled');

-- A month of a backfill that a person approved: what was proposed until then, and carries little risk, is written.
create table writeback.backfill_slice (
    backfill_id uuid not null references writeback.backfill (id) on delete cascade,
    workspace text not null,
    month timestamptz not null,
    approved_by text not null,
    approved_at timestamptz not null default now(),
    seen_at timestamptz not null,
    primary key (backfill_id, month)
);

alter table writeback.change add column backfill_id uuid;
-- History that belongs to no backfill yet.
create index change_unclaimed on writeback.change (workspace, meeting_at) where priority = 2 and backfill_id is null;
create index change_of_backfill on writeback.change (workspace, backfill_id, state, meeting_at) where backfill_id is not null;
