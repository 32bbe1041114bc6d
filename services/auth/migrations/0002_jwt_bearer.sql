-- The second way to connect: the customer's own app and key instead of a grant of ours. Added with defaults, so that code
-- of the release before keeps running beside it; it never sees a connection of the new kind as its own to refresh, because
-- such a connection has no refresh token.
alter table auth.connection
    add column grant_kind text not null default 'refresh_token',
    -- The customer's consumer key and the audience of the assertion; empty for the web server flow.
    add column jwt_consumer_key text not null default '',
    add column jwt_audience text not null default '',
    add constraint connection_grant_known check (grant_kind in ('refresh_token', 'jwt_bearer')),
    add constraint connection_jwt_whole check (
        grant_kind <> 'jwt_bearer' or (jwt_consumer_key <> '' and jwt_audience <> ''));

alter table auth.sealed
    drop constraint sealed_kind_check,
    add constraint sealed_kind_check check (
        kind in ('refresh_token', 'access_token', 'code_verifier', 'revocation', 'signing_key'));
