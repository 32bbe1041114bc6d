-- The projection of the org's records, kept by records.changed; the decisions made on it; what an admin or a person said.
-- Every key starts with the workspace: no query crosses it, and row-level security can stand on it.

create table matching.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on matching.inbox (at);

create table matching.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- A workspace is known from its first records on. Until loaded_at is set its meetings wait: deciding on half a
-- projection would call known people unknown.
create table matching.workspace (
    workspace text primary key,
    organization_id text not null,
    connected_user_id text not null,
    generation bigint not null,
    loaded_at timestamptz
);

-- In all record tables: modstamp orders versions (an older one never replaces a newer), is_deleted keeps a tombstone so
-- that a late older version cannot bring a record back, generation lets a full load forget what it did not meet.
create table matching.account (
    workspace text not null,
    id text not null,
    name text not null,
    website_domain text,
    owner_id text not null,
    parent_id text not null,
    type text not null,
    person_address text,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);
create index account_website on matching.account (workspace, website_domain) where website_domain is not null and not is_deleted;
create index account_person on matching.account (workspace, person_address) where person_address is not null and not is_deleted;

create table matching.contact (
    workspace text not null,
    id text not null,
    account_id text not null,
    name text not null,
    touched_at timestamptz not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);

-- One row per address of a contact, with the account beside it so that the domain roll-up needs no join.
create table matching.contact_address (
    workspace text not null,
    address text not null,
    contact_id text not null,
    account_id text not null,
    domain text not null,
    primary key (workspace, address, contact_id)
);
create index contact_address_contact on matching.contact_address (workspace, contact_id);
create index contact_address_domain on matching.contact_address (workspace, domain, account_id);

-- How many contacts of which account use a domain. Without it most rows fetched for a meeting would be colleagues.
create table matching.domain_rollup (
    workspace text not null,
    domain text not null,
    account_id text not null,
    contacts integer not null,
    primary key (workspace, domain, account_id)
);

create table matching.lead (
    workspace text not null,
    id text not null,
    name text not null,
    company text not null,
    address text,
    is_converted boolean not null,
    converted_account_id text not null,
    converted_contact_id text not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);
create index lead_address on matching.lead (workspace, address) where address is not null and not is_deleted;

create table matching.opportunity (
    workspace text not null,
    id text not null,
    account_id text not null,
    name text not null,
    type text not null,
    owner_id text not null,
    record_type_id text not null,
    is_closed boolean not null,
    close_date date not null,
    created_at timestamptz not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);
create index opportunity_account on matching.opportunity (workspace, account_id) where not is_deleted;

create table matching.contact_role (
    workspace text not null,
    id text not null,
    opportunity_id text not null,
    contact_id text not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);
create index contact_role_opportunity on matching.contact_role (workspace, opportunity_id) where not is_deleted;

create table matching.crm_user (
    workspace text not null,
    id text not null,
    address text,
    domain text,
    is_active boolean not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    primary key (workspace, id)
);
create index crm_user_address on matching.crm_user (workspace, address) where address is not null;
create index crm_user_domain on matching.crm_user (workspace, domain) where domain is not null and is_active;

-- account_id '' means the rule holds for every account.
create table matching.domain_rule (
    workspace text not null,
    domain text not null,
    account_id text not null default '',
    class text not null check (class in ('internal', 'partner', 'customer', 'free', 'alternate')),
    set_by text not null,
    set_at timestamptz not null default now(),
    primary key (workspace, domain, account_id),
    constraint alternate_needs_account check (class <> 'alternate' or account_id <> '')
);

-- The newest revision of each meeting, whole; purged after the retention, decisions stay. A row without a decision waits
-- for the workspace's first load.
create table matching.meeting (
    workspace text not null,
    id text not null,
    revision bigint not null,
    body bytea,
    title text not null,
    started_at timestamptz not null,
    received_at timestamptz not null default now(),
    decided boolean not null,
    traceparent text,
    primary key (workspace, id)
);
create index meeting_waiting on matching.meeting (workspace, received_at) where not decided;

-- Append only: what was decided with which evidence, frozen. body is ergo.matching.v1.Decision.
create table matching.decision (
    workspace text not null,
    meeting_id text not null,
    revision bigint not null,
    sequence bigint not null,
    id uuid not null unique,
    outcome text not null,
    body bytea not null,
    trace_id text not null,
    decided_at timestamptz not null,
    primary key (workspace, meeting_id, revision, sequence)
);
create index decision_newest on matching.decision (workspace, decided_at desc, id);

-- A person's choice for a meeting: holds for ever, until taken back.
create table matching.choice (
    workspace text not null,
    meeting_id text not null,
    account_id text,
    opportunity_id text,
    chosen_by text not null,
    chosen_at timestamptz not null default now(),
    primary key (workspace, meeting_id)
);
