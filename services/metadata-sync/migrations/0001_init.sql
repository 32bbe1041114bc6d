-- What an org looks like, what an admin mapped, and how far reading it got. One row or more per workspace in every
-- table; `workspace` leads every key, so that no statement can mix two customers by accident.

-- Inbox and outbox, as chassis prescribes them.
create table metadata_sync.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on metadata_sync.inbox (at);

create table metadata_sync.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- The connection as auth last described it, and when the next scheduled runs are due. The row is also the lock under
-- which snapshots, drift and the mapping change: whoever changes one of them holds it `for update`.
create table metadata_sync.workspace (
    workspace text primary key,
    connection_generation bigint not null,
    connected boolean not null,
    organization_id text not null,
    user_id text not null,
    epoch bigint not null,
    -- Generation of the newest full load of records, and of the newest one that was announced as complete.
    load_generation bigint not null default 0,
    load_generation_complete bigint not null default 0,
    schema_due_at timestamptz not null default now(),
    records_due_at timestamptz not null default now(),
    -- Failed runs in a row, for the backoff.
    schema_failures integer not null default 0,
    records_failures integer not null default 0,
    -- When every describe was last read without a condition: a permission set assigned to our user may not count as a
    -- modification, so once a day nothing is taken on trust.
    schema_read_whole_at timestamptz,
    updated_at timestamptz not null default now()
);

-- Snapshots: one row per object and version, never changed. `content` is the canonical JSON the hash is of.
create table metadata_sync.object_snapshot (
    workspace text not null,
    object text not null,
    version bigint not null,
    organization_id text not null,
    content_hash bytea not null,
    content bytea not null,
    observed_at timestamptz not null,
    primary key (workspace, object, version)
);

-- Which snapshot is the present one. A removed object keeps its row, so that its version never goes back.
create table metadata_sync.object (
    workspace text not null,
    object text not null,
    version bigint not null,
    label text not null,
    fields integer not null,
    createable boolean not null,
    updateable boolean not null,
    removed boolean not null,
    -- Last-Modified of the describe, named in the next one.
    last_modified timestamptz,
    checked_at timestamptz not null,
    primary key (workspace, object)
);

-- The one draft of a workspace.
create table metadata_sync.mapping_draft (
    workspace text primary key,
    content jsonb not null,
    saved_by text not null,
    saved_at timestamptz not null default now()
);

-- Published versions; `content` never changes. `suspended` (entry id -> reason) and `revision` move together.
create table metadata_sync.mapping_version (
    workspace text not null,
    version bigint not null,
    revision bigint not null,
    content jsonb not null,
    suspended jsonb not null,
    published_by text not null,
    published_at timestamptz not null,
    primary key (workspace, version)
);

create table metadata_sync.drift_item (
    id uuid primary key,
    workspace text not null,
    object text not null,
    -- The difference, as the domain writes it.
    change jsonb not null,
    entry_ids text[] not null,
    proposed_repair text not null,
    status text not null check (status in ('open', 'accepted', 'repaired', 'ignored')),
    detected_at timestamptz not null,
    resolved_by text,
    resolved_at timestamptz,
    reason text not null default ''
);
create index drift_item_newest on metadata_sync.drift_item (workspace, detected_at desc);
create index drift_item_open on metadata_sync.drift_item (workspace) where status = 'open';

-- Runs. `lane` keeps reads of one kind from overlapping: two record runs would race for the same cursors.
create table metadata_sync.sync_run (
    id uuid primary key,
    workspace text not null,
    kind text not null check (kind in ('schema', 'records', 'records_full')),
    lane text not null check (lane in ('schema', 'records')),
    state text not null check (state in ('queued', 'running', 'done', 'failed')),
    requested_by text not null,
    requested_at timestamptz not null default now(),
    -- W3C traceparent of whoever asked, so that the run is found from there.
    traceparent text,
    started_at timestamptz,
    ended_at timestamptz,
    -- Whoever holds the newest fence and an unexpired lease works on the run; every write of a run names its fence.
    fence bigint not null default 0,
    lease_until timestamptz,
    api_calls bigint not null default 0,
    items bigint not null default 0,
    -- For the full load of records: the generation this run began, so that a second attempt does not begin another.
    load_generation bigint,
    error text not null default '',
    notes text[] not null default '{}'
);
-- Asking twice finds the run that is already waiting.
create unique index sync_run_queued on metadata_sync.sync_run (workspace, kind) where state = 'queued';
create unique index sync_run_running on metadata_sync.sync_run (workspace, lane) where state = 'running';
create index sync_run_unfinished on metadata_sync.sync_run (requested_at) where state in ('queued', 'running');
create index sync_run_newest on metadata_sync.sync_run (workspace, requested_at desc);

-- How far the records of an object were read. `loading`: by id, after `after_id`; then by SystemModstamp from `watermark`,
-- which last moved at `moved_at`; `settled` once a read that began an overlap later found nothing older.
create table metadata_sync.record_cursor (
    workspace text not null,
    object text not null,
    generation bigint not null,
    loading boolean not null,
    after_id text,
    watermark timestamptz not null,
    moved_at timestamptz not null,
    settled boolean not null,
    fields text[] not null,
    updated_at timestamptz not null default now(),
    primary key (workspace, object)
);

-- Versions of records already sent that lie inside the overlap of the next incremental read.
create table metadata_sync.record_seen (
    workspace text not null,
    object text not null,
    record_id text not null,
    system_modstamp timestamptz not null,
    primary key (workspace, object, record_id)
);
create index record_seen_age on metadata_sync.record_seen (workspace, object, system_modstamp);
