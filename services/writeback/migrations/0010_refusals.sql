-- Why Salesforce refused a change, so that those of one cause are seen, and released, together. The print is of what the
-- schema said of the cause then: when it says something else, the change is tried once more.
alter table writeback.change
    add column cause text not null default '',
    add column cause_print text not null default '';
create index change_refused on writeback.change (workspace, cause, id) where state in ('refused', 'failed') and cause <> '';
