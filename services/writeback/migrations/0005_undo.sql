-- An undo is a change of its own, in the set of the one it takes back: journalled, looked up and undoable like any other.
alter table writeback.change
    add column undoes uuid references writeback.change (id) on delete set null,
    -- What it writes was there before us: nothing of it counts as ours afterwards.
    add column restores boolean not null default false;
alter table writeback.change drop constraint change_action_check;
alter table writeback.change add constraint change_action_check
    check (action in ('update_field', 'create_task', 'create_event', 'create_note', 'delete_record'));
-- One change is taken back once at a time.
create unique index change_undone_once on writeback.change (undoes)
    where undoes is not null and state in ('proposed', 'approved', 'held', 'executing', 'uncertain', 'applied');
