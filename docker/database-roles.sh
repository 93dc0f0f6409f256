#!/bin/sh
# Runs once, when the database volume is empty: two roles (one owns and migrates, one serves) and PostGIS for both.
set -eu

owner_password=$(cat /run/secrets/database_owner_password)
runtime_password=$(cat /run/secrets/database_password)
psql -v ON_ERROR_STOP=1 -v owner="$owner_password" -v runtime="$runtime_password" --username postgres --dbname postgres <<'SQL'
CREATE ROLE geoportal_owner LOGIN PASSWORD :'owner';
CREATE ROLE geoportal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'runtime';
CREATE DATABASE geoportal OWNER geoportal_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
\connect geoportal
CREATE EXTENSION postgis;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
CREATE EXTENSION btree_gist;
CREATE EXTENSION btree_gin;
REVOKE TEMPORARY ON DATABASE geoportal FROM PUBLIC;
SQL
