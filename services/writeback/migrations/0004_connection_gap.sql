-- Times in which nothing could be written because there was no usable connection. The first columns of a gap are kept on
-- the workspace while it lasts; the row is made when it ends.
alter table writeback.workspace
    add column unusable_since timestamptz,
    add column unusable_state text not null default '',
    add column unusable_detail text not null default '',
    add column unusable_epoch bigint not null default 0;

create table writeback.connection_gap (
    id uuid primary key,
    workspace text not null,
    since timestamptz not null,
    until timestamptz not null check (until >= since),
    state text not null,
    detail text not null,
    other_user boolean not null,
    meetings_arrived bigint not null,
    changes_resumed bigint not null,
    changes_missed bigint not null
);
create index connection_gap_newest on writeback.connection_gap (workspace, id desc);

-- The gap a change waited in for too long: it is held until a person releases or decides it.
alter table writeback.change add column missed_gap uuid;
create index change_missed on writeback.change (workspace, missed_gap)
    where missed_gap is not null and state in ('proposed', 'held');
