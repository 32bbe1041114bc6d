-- Where merged records went: ids upstream or a person named lead to the survivor. A chain is kept flat.
create table matching.merged (
    workspace text not null,
    id text not null,
    master_id text not null,
    primary key (workspace, id)
);
create index merged_master on matching.merged (workspace, master_id);
