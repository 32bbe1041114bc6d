-- Contacts, their roles in deals, further people of an activity, and deals themselves, where the admin lets them be created.
alter table writeback.change drop constraint change_action_check;
alter table writeback.change add constraint change_action_check
    check (action in ('update_field', 'create_task', 'create_event', 'create_note', 'create_contact', 'create_role',
        'create_relation', 'create_opportunity', 'delete_record'));
-- A new record may name another new one by its key.
create index change_by_key on writeback.change (workspace, creation_key) where creation_key <> '';
