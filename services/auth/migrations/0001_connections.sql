-- The connection of a workspace to one Salesforce org. `generation` grows with every change a reader may care about and
-- orders the events; `token_generation` grows with every access token and never restarts, also across a disconnect, so
-- that "newer than the one that was rejected" stays meaningful.
create table auth.connection (
    workspace text primary key check (workspace ~ '^[A-Za-z0-9_-]{1,64}$'),
    generation bigint not null check (generation >= 0),
    epoch bigint not null check (epoch >= 0),
    state text not null,
    cause text not null,
    detail text not null,
    organization_id text not null,
    user_id text not null,
    username text not null,
    instance_url text not null,
    is_sandbox boolean not null,
    since timestamptz not null,
    token_generation bigint not null default 0,
    -- Whether Salesforce was ever seen rotating this grant's refresh token.
    rotates boolean not null default false,
    -- When a suspended connection is looked at next; null when nothing will heal it by itself.
    probe_at timestamptz,
    constraint connection_state_known check (state in (
        'not_connected', 'authorizing', 'connected', 'access_limited', 'suspended', 'reconnect_required', 'disconnected')),
    constraint connection_org_known check (
        state not in ('connected', 'access_limited', 'suspended', 'reconnect_required')
        or (organization_id <> '' and user_id <> '' and instance_url <> ''))
);
create index connection_probe_at on auth.connection (probe_at) where probe_at is not null;
create index connection_authorizing on auth.connection (workspace) where state = 'authorizing';

-- How a connection came to its state; append-only.
create table auth.connection_history (
    workspace text not null references auth.connection (workspace),
    generation bigint not null,
    previous_state text not null,
    state text not null,
    cause text not null,
    detail text not null,
    organization_id text not null,
    user_id text not null,
    username text not null,
    instance_url text not null,
    is_sandbox boolean not null,
    since timestamptz not null,
    epoch bigint not null,
    -- Who asked for it, or which part of auth noticed it.
    actor text not null,
    at timestamptz not null default now(),
    primary key (workspace, generation)
);

-- Every secret at rest: ciphertext under a data key of its own, the data key under a key-encryption key named by id.
-- `owner` is empty for the connection's tokens, otherwise the id of the attempt or revocation the secret belongs to.
-- The key columns are in the associated data: a row copied to another place does not open.
create table auth.sealed (
    workspace text not null,
    kind text not null check (kind in ('refresh_token', 'access_token', 'code_verifier', 'revocation')),
    owner text not null,
    generation bigint not null,
    kek_id text not null,
    wrapped_dek bytea not null check (octet_length(wrapped_dek) = 60),
    nonce bytea not null check (octet_length(nonce) = 12),
    ciphertext bytea not null,
    sealed_at timestamptz not null default now(),
    primary key (workspace, kind, owner)
);
create index sealed_kek_id on auth.sealed (kek_id);

-- One known text per key-encryption key: a process whose keys do not open them must not start.
create table auth.canary (
    kek_id text primary key,
    wrapped_dek bytea not null,
    nonce bytea not null,
    ciphertext bytea not null
);

-- Who may call the token endpoint for a connection, and what is known about the last call.
create table auth.refresh_lease (
    workspace text primary key references auth.connection (workspace),
    -- Grows with every holder; a holder whose fence is no longer here must not send.
    fence bigint not null,
    holder text not null,
    until timestamptz not null,
    -- Recorded before the call: the generation whose refresh token was, or may have been, sent. Cleared by a clear answer.
    intent_generation bigint,
    -- When a lost call can no longer be running at Salesforce.
    intent_settles_at timestamptz,
    -- No call before this moment.
    not_before timestamptz,
    -- Failures in a row.
    failures integer not null default 0,
    -- The loss seen once that has to be seen again before it is believed.
    doubt text,
    failed_at timestamptz,
    succeeded_at timestamptz
);

-- One attempt to connect: a link given out, a browser bound, an answer awaited. Secrets only as SHA-256.
create table auth.oauth_attempt (
    id uuid primary key,
    workspace text not null references auth.connection (workspace),
    ticket_hash bytea not null unique check (octet_length(ticket_hash) = 32),
    state_hash bytea unique check (octet_length(state_hash) = 32),
    browser_hash bytea check (octet_length(browser_hash) = 32),
    login_url text not null,
    different_user boolean not null,
    start_over boolean not null,
    is_sandbox boolean not null,
    return_path text not null,
    requested_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index oauth_attempt_workspace on auth.oauth_attempt (workspace, expires_at);
create index oauth_attempt_expires_at on auth.oauth_attempt (expires_at);

-- Grants we no longer want, until Salesforce confirmed that they are gone.
create table auth.revocation (
    id uuid primary key,
    workspace text not null,
    instance_url text not null,
    attempts integer not null default 0,
    next_at timestamptz not null default now(),
    created_at timestamptz not null default now()
);
create index revocation_next_at on auth.revocation (next_at);

-- Inbox and outbox, the text every service includes (see chassis).
create table auth.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on auth.inbox (at);

create table auth.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
