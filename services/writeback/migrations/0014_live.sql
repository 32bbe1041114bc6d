-- Whether a workspace's approved changes may be written, in a row of its own: turning it off waits for nobody, neither
-- for changes being judged, which hold the workspace's row, nor for changes being written.
create table writeback.live (
    workspace text primary key,
    live boolean not null,
    changed_at timestamptz not null default now()
);
insert into writeback.live (workspace, live) select workspace, live from writeback.workspace;
alter table writeback.workspace drop column live;
