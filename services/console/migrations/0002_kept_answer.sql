-- Answers to requests that carried an Idempotency-Key, so that repeating one tells what became of it and does nothing.
-- A row without a status is a request that is being answered. Kept a day; bounded per caller.
create table console.kept_answer (
    -- As audited: `user:ann@acme.com` or `token:demo`.
    actor text not null check (length(actor) <= 300),
    key_sha256 bytea not null check (length(key_sha256) = 32),
    -- Of method, path and body: the same key for something else is refused.
    request_sha256 bytea not null check (length(request_sha256) = 32),
    claimed_at timestamptz not null default now(),
    status smallint check (status between 200 and 299),
    -- Null when it holds a secret or is too large to keep.
    body bytea check (length(body) <= 262144),
    primary key (actor, key_sha256)
);
create index kept_answer_actor_claimed_at on console.kept_answer (actor, claimed_at);
create index kept_answer_claimed_at on console.kept_answer (claimed_at);
