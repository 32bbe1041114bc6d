-- The logins of an installation, once per database, by a superuser or the database's owner with createrole:
--
--     ERGO_DATABASE_PASSWORD_AUTH=... (and so on) psql --set=ON_ERROR_STOP=1 --dbname=ergo --file=roles.sql
--
-- A service logs in as ergo_<schema>_login and acts as ergo_<schema>, which has rights on that schema and nothing else.
-- `migrate` logs in as ergo_migrate_login, owns the schemas, and may make nothing but schemas in this database.
-- Running it again changes passwords and mends grants.

\getenv auth ERGO_DATABASE_PASSWORD_AUTH
\getenv metadata_sync ERGO_DATABASE_PASSWORD_METADATA_SYNC
\getenv matching ERGO_DATABASE_PASSWORD_MATCHING
\getenv writeback ERGO_DATABASE_PASSWORD_WRITEBACK
\getenv console ERGO_DATABASE_PASSWORD_CONSOLE
\getenv migrate ERGO_DATABASE_PASSWORD_MIGRATE

create temporary table wanted (schema text primary key, password text not null);
insert into wanted (schema, password) values
    ('auth', :'auth'),
    ('metadata_sync', :'metadata_sync'),
    ('matching', :'matching'),
    ('writeback', :'writeback'),
    ('console', :'console');

select 'create role ergo_migrate_login login'
where not exists (select from pg_roles where rolname = 'ergo_migrate_login') \gexec
alter role ergo_migrate_login with login nosuperuser nocreatedb nocreaterole nobypassrls password :'migrate';

-- Roles without login first: granting one to its login needs it to exist, and `migrate` finds it made.
select format('create role ergo_%s nologin', schema) from wanted
where not exists (select from pg_roles where rolname = 'ergo_' || schema) \gexec
select format('create role ergo_%s_login login', schema) from wanted
where not exists (select from pg_roles where rolname = 'ergo_' || schema || '_login') \gexec
select format(
    'alter role ergo_%s_login with login noinherit nosuperuser nocreatedb nocreaterole nobypassrls password %L',
    schema,
    password
) from wanted \gexec
-- With `noinherit`: a login that does not act as its role may do nothing.
select format('grant ergo_%1$s to ergo_%1$s_login', schema) from wanted \gexec

select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect, create on database %I to ergo_migrate_login', current_database()) \gexec
select format('grant connect on database %I to ergo_%s_login', current_database(), schema) from wanted \gexec
