-- Further witnesses: calendar events, opportunity teams and products, earlier meetings of a series, phrases an admin set;
-- and what makes sure that our own writes are none.

alter table matching.workspace
    -- ISO 3166 alpha-2: the country of numbers typed without one.
    add column phone_region text check (phone_region ~ '^[A-Z]{2}$'),
    -- Deals of the parent and of subsidiaries may be meant too.
    add column group_deals boolean not null default false;

-- is_ours: created by us and edited by nobody else since. Never evidence and never a candidate: the decision that led to a
-- record must not find it.
alter table matching.account add column is_ours boolean not null default false;
alter table matching.lead add column is_ours boolean not null default false;
alter table matching.opportunity
    add column is_ours boolean not null default false,
    -- What the record said before its latest edits, oldest first: a deal is weighed as it was at the meeting. Each entry has
    -- `until` and the values that held until then.
    add column past jsonb not null default '[]',
    -- Name and type as a person last left them: what we wrote there is no evidence.
    add column name_by_hand text,
    add column type_by_hand text;
create index account_parent on matching.account (workspace, parent_id) where parent_id <> '' and not is_deleted;

create table matching.team_member (
    workspace text not null,
    id text not null,
    opportunity_id text not null,
    user_id text not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    is_ours boolean not null default false,
    primary key (workspace, id)
);
create index team_member_opportunity on matching.team_member (workspace, opportunity_id) include (user_id)
    where not is_deleted and not is_ours;

create table matching.opportunity_product (
    workspace text not null,
    id text not null,
    opportunity_id text not null,
    name text not null,
    code text not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    is_ours boolean not null default false,
    primary key (workspace, id)
);
create index opportunity_product_opportunity on matching.opportunity_product (workspace, opportunity_id)
    where not is_deleted and not is_ours;

-- Asked by who was in the room and when: the owner's calendar, or the contact's.
create table matching.calendar_event (
    workspace text not null,
    id text not null,
    subject text not null,
    starts_at timestamptz not null,
    owner_id text not null,
    who_id text not null,
    what_id text not null,
    account_id text not null,
    modstamp timestamptz not null,
    generation bigint not null,
    is_deleted boolean not null default false,
    is_ours boolean not null default false,
    primary key (workspace, id)
);
create index calendar_event_owner on matching.calendar_event (workspace, owner_id, starts_at) where not is_deleted and not is_ours;
create index calendar_event_who on matching.calendar_event (workspace, who_id, starts_at)
    where who_id <> '' and not is_deleted and not is_ours;
create index calendar_event_old on matching.calendar_event (workspace, starts_at);

-- An admin's phrases: who or what is meant when a title or a mention has these words. Words in folded form, one space
-- between them; account_id and opportunity_id are '' when not meant, never both.
create table matching.title_phrase (
    workspace text not null,
    phrase text not null,
    account_id text not null default '',
    opportunity_id text not null default '',
    set_by text not null,
    set_at timestamptz not null default now(),
    primary key (workspace, phrase),
    constraint phrase_means_something check (account_id <> '' or opportunity_id <> '')
);

-- What the meetings of a series were decided to be: a witness for the later ones of it.
create table matching.series (
    workspace text not null,
    key text not null,
    meeting_id text not null,
    account_id text not null,
    opportunity_id text not null,
    by_person boolean not null,
    started_at timestamptz not null,
    primary key (workspace, key, meeting_id)
);

-- The account a meeting was matched to: a day of activity that we caused ourselves says nothing about the account.
alter table matching.meeting add column account_id text;
create index meeting_account on matching.meeting (workspace, account_id, started_at) where account_id is not null;
