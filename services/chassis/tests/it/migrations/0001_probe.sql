create table probe.inbox (
    consumer text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_at on probe.inbox (at);

create table probe.outbox (
    id bigint generated always as identity primary key,
    event_id text not null,
    subject text not null,
    payload bytea not null,
    headers jsonb not null,
    at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

-- What the probe handled, one row per effect: a repeated effect shows as a second row.
create table probe.seen (
    event_id text not null,
    attempt bigint not null,
    batch_messages bigint not null,
    trace_id text
);
