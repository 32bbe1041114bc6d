-- What a rehearsal of one change showed, as it stands.
alter table writeback.change add column rehearsal jsonb;

-- How predictions of validation rules fared against Salesforce's answers. Rules rightly predicted to let a save through
-- share one row per object (rule ''), so that a save touches few rows however many rules the org has.
create table writeback.prediction_score (
    workspace text not null,
    object text not null,
    rule text not null,
    agreed bigint not null default 0,
    false_alarms bigint not null default 0,
    missed bigint not null default 0,
    unknown_refused bigint not null default 0,
    unknown_accepted bigint not null default 0,
    changed_at timestamptz not null default now(),
    primary key (workspace, object, rule)
);

-- Predictions that were wrong, with their inputs, for study. They hold record values: kept for a limited time and number.
create table writeback.prediction_disagreement (
    id bigint generated always as identity primary key,
    workspace text not null,
    object text not null,
    record_id text not null,
    rule text not null,
    formula text not null,
    predicted text not null check (predicted in ('fires', 'silent')),
    answered text not null check (answered in ('accepted', 'refused')),
    source text not null check (source in ('write', 'rehearsal')),
    change_ids uuid[] not null,
    before jsonb not null,
    changed jsonb not null,
    at timestamptz not null default now()
);
create index prediction_disagreement_newest on writeback.prediction_disagreement (workspace, id desc);
create index prediction_disagreement_at on writeback.prediction_disagreement (at);
