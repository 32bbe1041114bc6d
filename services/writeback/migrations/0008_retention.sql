-- When what was said in a meeting was purged from its set and its changes; decisions and audit stay.
alter table writeback.change_set add column purged_at timestamptz;
create index change_set_to_purge on writeback.change_set (created_at) where purged_at is null;
