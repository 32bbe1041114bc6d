-- What names, numbers and texts need: keys beside the records, each asked by equality only.

alter table matching.workspace
    -- Grows whenever an account's name appears or changes: whoever holds the names in memory knows when to read again.
    add column names_version bigint not null default 1,
    -- Thresholds in thousandths of a bit; null is the weight table's.
    add column account_matched_millibits bigint,
    add column opportunity_matched_millibits bigint,
    add column window_days integer check (window_days between 0 and 365),
    add column pipelines text[] not null default '{}',
    -- Fitted on reviewers' answers: slope in thousandths, offset in thousandths of a bit.
    add column calibration_slope bigint not null default 1000,
    add column calibration_offset bigint not null default 0,
    add column calibrated_at timestamptz,
    add column calibrated_labels integer not null default 0;

alter table matching.account
    add column last_activity date,
    -- What the website's domain looks like: another domain with the same skeleton is a look-alike.
    add column website_skeleton text;
create index account_skeleton on matching.account (workspace, website_skeleton) where website_skeleton is not null and not is_deleted;
create index account_names on matching.account (workspace, id) include (name) where not is_deleted;

-- is_ours: created by the connected user after the first load, that is by us. Never evidence: our own result must not
-- change the next decision.
alter table matching.contact
    add column first_name text not null default '',
    add column last_name text not null default '',
    add column last_key text,
    add column first_key text,
    add column full_key text,
    add column is_ours boolean not null default false;
create index contact_last_key on matching.contact (workspace, account_id, last_key) where last_key is not null and not is_deleted;
create index contact_first_key on matching.contact (workspace, account_id, first_key) where first_key is not null and not is_deleted;
create index contact_full_key on matching.contact (workspace, full_key) where full_key is not null and not is_deleted;

alter table matching.contact_role add column is_ours boolean not null default false;

-- Numbers of contacts and leads; object is Contact or Lead.
create table matching.phone (
    workspace text not null,
    key text not null,
    object text not null,
    record_id text not null,
    primary key (workspace, key, object, record_id)
);
create index phone_record on matching.phone (workspace, object, record_id);

alter table matching.meeting
    -- Set aside: what is wrong with a kept meeting, so that it does not hold up its neighbours.
    add column problem text,
    -- Re-decided until then; null once decided beyond doubt or given up.
    add column open_until timestamptz,
    add column outcome text;

-- The keys an open meeting was looked up with: whoever changes something under a key finds the meetings it concerns.
create table matching.meeting_key (
    workspace text not null,
    key text not null,
    meeting_id text not null,
    primary key (workspace, key, meeting_id)
);
create index meeting_key_meeting on matching.meeting_key (workspace, meeting_id);

-- Meetings to be decided again because something under one of their keys changed.
create table matching.again (
    workspace text not null,
    meeting_id text not null,
    reason text not null,
    at timestamptz not null default now(),
    primary key (workspace, meeting_id)
);
create index again_at on matching.again (at);

-- A matched meeting whose better match appeared: listed for a person, never moved silently. body is ergo.matching.v1.Decision
-- as it would be now.
create table matching.move_proposal (
    workspace text not null,
    meeting_id text not null,
    id uuid not null unique,
    revision bigint not null,
    reason text not null,
    body bytea not null,
    proposed_at timestamptz not null default now(),
    settled_at timestamptz,
    settled_by text,
    accepted boolean,
    primary key (workspace, meeting_id, id)
);
create unique index move_proposal_open on matching.move_proposal (workspace, meeting_id) where settled_at is null;

-- What persons confirmed, changed or dismissed, with the decision they saw: the labelled examples.
create table matching.label (
    workspace text not null,
    meeting_id text not null,
    revision bigint not null,
    account_id text not null,
    opportunity_id text not null,
    decided_total bigint not null,
    was_right boolean not null,
    labelled_by text not null,
    labelled_at timestamptz not null default now(),
    reverted_at timestamptz,
    primary key (workspace, meeting_id)
);
