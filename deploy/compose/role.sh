#!/bin/bash
# Run once, when the database is made: a role that owns its database and is nothing more, so that row security binds it.
set -euo pipefail
psql --username=postgres --set=ON_ERROR_STOP=1 --set=password="$POSTGRES_PASSWORD" <<'SQL'
create role taskward login password :'password' nosuperuser nocreatedb nocreaterole nobypassrls;
create database taskward owner taskward;
SQL
