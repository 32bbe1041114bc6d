-- When the evidence frozen in a decision was purged; the decision stays.
alter table matching.decision add column purged_at timestamptz;
create index decision_to_purge on matching.decision (decided_at) where purged_at is null;
create index meeting_to_purge on matching.meeting (received_at) where body is not null;
