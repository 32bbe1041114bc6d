-- What the access review found missing while a connection is limited, and the newest review that was applied: a review
-- that arrives late must not undo what a newer one said.
alter table auth.connection
    add column missing jsonb not null default '[]',
    add column access_revision bigint not null default 0;
alter table auth.connection_history
    add column missing jsonb not null default '[]';
