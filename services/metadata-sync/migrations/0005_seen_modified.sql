-- Last-Modified of the list of objects as it was when the snapshots were read, however recent. What names it asks whether
-- anything moved since; the scheduled reads go on naming `objects_modified` only, which is old enough to be certain.
alter table metadata_sync.workspace
    add column objects_seen_modified timestamptz;
