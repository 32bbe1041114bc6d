-- Users, what they may do, and how they prove who they are. Nothing about CRM: that is asked of its owners.
-- Secrets (passwords, sessions, tokens, invitations) are kept as hashes only.

create table console.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on console.inbox (at);

create table console.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

create table console.user_account (
    id uuid primary key,
    email text not null constraint user_account_email_key unique check (email = lower(email) and length(email) <= 254),
    name text not null check (length(name) <= 128),
    -- argon2id in PHC form; null until the person has followed their invitation.
    password_hash text,
    super_admin boolean not null default false,
    created_at timestamptz not null default now(),
    disabled_at timestamptz
);

create table console.membership (
    user_id uuid not null references console.user_account on delete cascade,
    workspace text not null check (workspace ~ '^[A-Za-z0-9_-]{1,64}$'),
    role text not null check (role in ('viewer', 'operator', 'admin')),
    primary key (user_id, workspace)
);
create index membership_workspace on console.membership (workspace);

create table console.session (
    secret_sha256 bytea primary key check (length(secret_sha256) = 32),
    user_id uuid not null references console.user_account on delete cascade,
    created_at timestamptz not null default now(),
    -- Written at most once a minute.
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index session_expires_at on console.session (expires_at);
create index session_user_id on console.session (user_id);

create table console.api_token (
    id text primary key check (id ~ '^[a-z0-9]{1,32}$'),
    secret_sha256 bytea not null check (length(secret_sha256) = 32),
    name text not null check (length(name) <= 128),
    -- Whose rights it borrows; null for one the operator provided at start.
    user_id uuid references console.user_account on delete cascade,
    -- The only workspace it opens; null for all its user can open.
    workspace text check (workspace ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- The most it may do; its user's own role may be less.
    role text not null check (role in ('viewer', 'operator', 'admin', 'super-admin')),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    -- Written at most once a minute.
    used_at timestamptz
);
create index api_token_user_id on console.api_token (user_id);

create table console.invitation (
    secret_sha256 bytea primary key check (length(secret_sha256) = 32),
    -- Who chooses a password with it; null for whoever becomes the first super-admin.
    user_id uuid references console.user_account on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- Failed sign-ins of the last minutes, for the throttle: `account:<sha256 of the address>` or `from:<ip>`.
create table console.sign_in_failure (
    key text not null check (length(key) <= 128),
    at timestamptz not null default now()
);
create index sign_in_failure_key on console.sign_in_failure (key, at);
create index sign_in_failure_at on console.sign_in_failure (at);
