-- The audit trail is read by time: entries of one moment by their number.
create index audit_by_time on writeback.audit (workspace, at desc, id desc);
drop index writeback.audit_newest;
