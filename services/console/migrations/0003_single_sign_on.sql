-- Signing in through the company's own identity provider (OpenID Connect).

-- Who a provider says somebody is. The subject is the provider's own name, which never goes to somebody else.
create table console.single_sign_on_identity (
    issuer text not null check (length(issuer) <= 512),
    subject text not null check (length(subject) <= 255),
    user_id uuid not null references console.user_account on delete cascade,
    created_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index single_sign_on_identity_user_id on console.single_sign_on_identity (user_id);

-- A sign-in that has gone to the provider and is not back yet: used once, within minutes, by the browser it began in.
create table console.single_sign_on_attempt (
    state_sha256 bytea primary key check (length(state_sha256) = 32),
    nonce text not null check (length(nonce) <= 64),
    pkce_verifier text not null check (length(pkce_verifier) <= 128),
    next text not null check (length(next) <= 2048),
    expires_at timestamptz not null
);
create index single_sign_on_attempt_expires_at on console.single_sign_on_attempt (expires_at);

-- What the provider's groups give is taken back when they no longer do; what a super-admin gave stays.
alter table console.membership add column by_group boolean not null default false;
