-- From a record and a field to what wrote it.
create index change_of_record on writeback.change (workspace, record_id, field) where record_id <> '';
