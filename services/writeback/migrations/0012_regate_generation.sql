-- A pass over a workspace's waiting changes is many pages: what moves while it works, before whichever page, makes it
-- start over. So the generation it began at is kept.
alter table writeback.workspace add column regate_generation bigint;
