-- Large first loads read the results of a bulk query: its job and the locator of the next page are the position, which
-- Salesforce keeps for seven days. Whoever watches a run sees what it does and how much there is to do.
alter table metadata_sync.record_cursor
    add column bulk_job text,
    add column bulk_locator text;

alter table metadata_sync.sync_run
    add column step text not null default '',
    add column items_expected bigint not null default 0;
create index sync_run_day on metadata_sync.sync_run (workspace, ended_at);
