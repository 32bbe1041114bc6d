-- Whom of ours a deactivated Salesforce user stood for: the blast radius of a difference that breaks no mapping entry.
alter table metadata_sync.drift_item
    add column people text[] not null default '{}';
