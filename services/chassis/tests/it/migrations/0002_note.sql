-- Rows of several workspaces, for the tests of isolation.
create table probe.note (
    workspace text not null,
    words text not null
);
