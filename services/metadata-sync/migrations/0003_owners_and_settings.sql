-- What a drift item means beside the entries it suspended.
alter table metadata_sync.drift_item
    add column severity text not null default 'warning' check (severity in ('info', 'warning', 'critical')),
    add column touched_entry_ids text[] not null default '{}',
    add column destinations text[] not null default '{}';

-- Last-Modified of the list of objects: named in the next read of it, one call says that no object changed.
alter table metadata_sync.workspace
    add column objects_modified timestamptz;

-- Salesforce users as the last read of records found them, and what admins said about who of ours they are.
create table metadata_sync.owner (
    workspace text not null,
    user_id text not null,
    name text not null,
    email text not null,
    active boolean not null,
    user_type text not null,
    primary key (workspace, user_id)
);
create index owner_email on metadata_sync.owner (workspace, lower(email));

create table metadata_sync.owner_override (
    workspace text not null,
    email text not null,
    user_id text not null,
    saved_by text not null,
    saved_at timestamptz not null default now(),
    primary key (workspace, email)
);

-- What the analysis is told about a stage.
create table metadata_sync.stage_description (
    workspace text not null,
    stage text not null,
    description text not null,
    saved_by text not null,
    saved_at timestamptz not null default now(),
    primary key (workspace, stage)
);

-- Objects an admin selected beside those always read.
create table metadata_sync.selected_object (
    workspace text not null,
    object text not null,
    saved_by text not null,
    saved_at timestamptz not null default now(),
    primary key (workspace, object)
);
