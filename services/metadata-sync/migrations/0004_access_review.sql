-- Access reviews: what the connected user can reach, against what the mapping needs. A new row only when something else
-- was found than before, or when a person asked; a look that found the same moves `confirmed_at`.
create table metadata_sync.access_review (
    workspace text not null,
    revision bigint not null,
    epoch bigint not null,
    user_id text not null,
    -- Of the connection it was last told to auth for: a reconnect forgets what was missing, so it is told again.
    connection_generation bigint not null,
    reviewed_at timestamptz not null,
    confirmed_at timestamptz not null,
    requested_by text not null,
    missing_count integer not null,
    content jsonb not null,
    primary key (workspace, revision)
);

-- The newest wish for a review: the next schema run that begins after it trusts no describe and looks at everything.
alter table metadata_sync.workspace
    add column review_asked_at timestamptz,
    add column review_asked_by text not null default '';
