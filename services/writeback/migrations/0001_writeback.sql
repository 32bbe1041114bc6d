-- Everything writeback owns. The queue of approved changes lives here, not in the broker: a change is one row that
-- moves through the states of design section 5, and the bus only wakes the executor.

-- What a workspace is set to. `generation` grows with everything the gates look at (connection, mapping, schema,
-- permissions, stage controls, verification), so that readers may keep the rest in memory until it moves.
create table writeback.workspace (
    workspace text primary key check (workspace ~ '^[A-Za-z0-9_-]{1,64}$'),
    generation bigint not null default 1,
    connection_generation bigint not null default 0,
    connection_state text not null default 'not_connected',
    connection_detail text not null default '',
    connection_epoch bigint not null default 0,
    organization_id text not null default '',
    user_id text not null default '',
    live boolean not null default false,
    mapping_version bigint not null default 0,
    mapping_revision bigint not null default 0,
    -- Grows with permissions and stage controls: a verification belongs to one value of it.
    settings_generation bigint not null default 1,
    pipeline_record_type_ids text[] not null default '{}',
    match_probability_min double precision not null default 0,
    verified_epoch bigint,
    verified_mapping_version bigint,
    verified_settings_generation bigint,
    -- Waiting changes are to be gated again from here on; a cursor of the pass under way.
    regate_due_at timestamptz,
    regate_lease_until timestamptz,
    regate_after uuid
);
create index workspace_regate on writeback.workspace (regate_due_at) where regate_due_at is not null;

-- Hot columns, apart from the settings so that counting calls never waits for a reader of settings.
create table writeback.usage (
    workspace text primary key,
    -- The org's daily allowance, as its answers report it; 0 before the first.
    org_calls_max bigint not null default 0,
    org_calls_used bigint not null default 0,
    paused_until timestamptz,
    pause_reason text not null default '',
    failures_in_a_row integer not null default 0,
    last_applied_at timestamptz
);

-- Our own calls, by hour: the last 24 rows are compared with our share of the allowance.
create table writeback.api_budget (
    workspace text not null,
    hour timestamptz not null,
    calls bigint not null,
    primary key (workspace, hour)
);

-- One object's schema arrives in parts; the present one is the highest version with every part.
create table writeback.schema_part (
    workspace text not null,
    object text not null,
    version bigint not null,
    part integer not null,
    parts integer not null check (parts between 1 and 1000 and part between 1 and parts),
    removed boolean not null,
    payload bytea not null,
    primary key (workspace, object, version, part)
);

create table writeback.mapping (
    workspace text not null,
    version bigint not null,
    revision bigint not null,
    payload bytea not null,
    received_at timestamptz not null default now(),
    primary key (workspace, version)
);

create table writeback.property_permission (
    workspace text not null,
    object text not null,
    field text not null default '',
    mode text not null check (mode in ('off', 'read_only', 'review', 'automatic')),
    create_mode text not null default 'off' check (create_mode in ('off', 'read_only', 'review', 'automatic')),
    primary key (workspace, object, field)
);

create table writeback.stage_control (
    workspace text not null,
    stage text not null,
    allowed_exits text[] not null,
    required_fields text[] not null,
    primary key (workspace, stage)
);

-- One meeting revision's changes, as one match decision led to them.
create table writeback.change_set (
    id uuid primary key,
    workspace text not null,
    meeting_id text not null,
    meeting_revision bigint not null,
    decision_id text not null,
    decision_sequence bigint not null,
    state text not null check (state in ('executing', 'waiting', 'done', 'empty', 'superseded')),
    outcome_sequence bigint not null default 1,
    -- False while there was no mapping to plan with.
    planned boolean not null,
    backfill boolean not null,
    title text not null,
    empty_reason text not null default '',
    traceparent text,
    created_at timestamptz not null default now(),
    constraint change_set_decision unique (workspace, meeting_id, meeting_revision, decision_sequence)
);
create index change_set_newest on writeback.change_set (workspace, id desc);
create index change_set_unplanned on writeback.change_set (workspace, id) where not planned;

-- The decision and meeting a set was built from, to plan and gate again; purged apart from the set.
create table writeback.source (
    change_set_id uuid primary key references writeback.change_set (id) on delete cascade,
    payload bytea not null
);

create table writeback.change (
    id uuid primary key,
    change_set_id uuid not null references writeback.change_set (id) on delete cascade,
    workspace text not null,
    meeting_id text not null,
    -- When the meeting began: changes of one lane are written in this order, and an older meeting never replaces what a
    -- newer one wrote.
    meeting_at timestamptz not null,
    meeting_ended_at timestamptz not null,
    state text not null check (state in ('proposed', 'approved', 'held', 'blocked', 'executing', 'applied', 'refused',
        'failed', 'uncertain', 'dismissed', 'expired', 'superseded', 'undone')),
    version bigint not null default 1,
    regate boolean not null,
    priority smallint not null,
    action text not null check (action in ('update_field', 'create_task', 'create_event', 'create_note')),
    object text not null,
    record_id text not null,
    field text not null,
    entry_id text not null,
    mapping_version bigint not null,
    overwrite text not null,
    lane text not null,
    creation_key text not null,
    related text[] not null,
    contents text[] not null,
    -- Exact JSON texts; numbers keep their digits in jsonb.
    baseline jsonb,
    piece jsonb,
    proposed jsonb,
    observed jsonb,
    reasons jsonb not null,
    confidence double precision not null,
    evidence jsonb not null,
    traceparent text,
    attempts integer not null default 0,
    isolation smallint not null default 0,
    not_before timestamptz not null default now(),
    intent_at timestamptz,
    decided_by text not null default '',
    decision_reason text not null default '',
    decided_at timestamptz,
    proposed_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
create index change_of_set on writeback.change (change_set_id);
create index change_of_lane on writeback.change (workspace, lane, meeting_at, id) where state in ('approved', 'executing', 'uncertain');
create index change_by_state on writeback.change (workspace, state, id);
create index change_to_regate on writeback.change (workspace, change_set_id) where regate;
create index change_pending on writeback.change (workspace, meeting_id) where state in ('proposed', 'approved', 'held');
-- The last lock against a double: one record per key may be in Salesforce or on its way there.
create unique index change_created_once on writeback.change (workspace, creation_key)
    where creation_key <> '' and state in ('executing', 'uncertain', 'applied');

-- Changes of one lane are never in two hands: whoever works on them holds this row's lease, and the fence tells a
-- later holder from an earlier one. `pushes` grows with each change added, so that a release never forgets one.
create table writeback.lane (
    workspace text not null,
    lane text not null,
    ready_at timestamptz,
    priority smallint not null,
    pushes bigint not null default 1,
    fence bigint not null default 0,
    lease_until timestamptz,
    primary key (workspace, lane)
);
create index lane_ready on writeback.lane (priority, ready_at) where ready_at is not null;

-- The journal: what we were about to do, written before the call, and what came of it.
create table writeback.attempt (
    id bigint generated always as identity primary key,
    workspace text not null,
    change_id uuid not null references writeback.change (id) on delete cascade,
    number integer not null,
    -- One per request to Salesforce.
    request_id uuid not null,
    fence bigint not null,
    intent_at timestamptz not null default now(),
    result text,
    result_at timestamptz
);
create index attempt_of_change on writeback.attempt (change_id);

-- What we last wrote into a field, as read back.
create table writeback.provenance (
    workspace text not null,
    object text not null,
    record_id text not null,
    field text not null,
    value jsonb not null,
    change_id uuid not null,
    meeting_at timestamptz not null,
    written_at timestamptz not null,
    primary key (workspace, record_id, field)
);

create table writeback.verification_run (
    id uuid primary key,
    workspace text not null,
    passed boolean not null,
    results jsonb not null,
    connection_epoch bigint not null,
    mapping_version bigint not null,
    settings_generation bigint not null,
    started_by text not null,
    at timestamptz not null default now()
);
create index verification_newest on writeback.verification_run (workspace, id desc);

-- Who or what changed which setting or decision, before and after. Rows are only ever added.
create table writeback.audit (
    id bigint generated always as identity primary key,
    workspace text not null,
    actor text not null,
    role text not null,
    request_id text not null,
    action text not null,
    subject text not null,
    before jsonb,
    after jsonb,
    trace_id text not null default '',
    at timestamptz not null default now()
);
create index audit_newest on writeback.audit (workspace, id desc);

create function writeback.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'audit rows are never changed' using errcode = 'restrict_violation';
end
$$;
create trigger audit_append_only before update on writeback.audit
    for each row execute function writeback.refuse_change();

create table writeback.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on writeback.inbox (at);

create table writeback.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
