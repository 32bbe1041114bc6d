-- What was said in the meetings has no workspace column: a row belongs to the workspace of its change set, and is seen by
-- whoever sees that. The tables with the column get their policies from migrate.
alter table writeback.source enable row level security;
alter table writeback.source force row level security;
create policy of_its_change_set on writeback.source
    using (exists (select from writeback.change_set s where s.id = change_set_id));
