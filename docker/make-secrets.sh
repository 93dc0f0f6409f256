#!/bin/sh
# Random secrets for docker compose, as files in ./secrets that git does not see. Existing ones are kept.
set -eu
cd -- "$(dirname -- "$0")/.."
mkdir -p secrets
chmod 0700 secrets

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep_or_write() { [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }

keep_or_write postgres_password "$(random)"
keep_or_write database_owner_password "$(random)"
keep_or_write database_password "$(random)"
keep_or_write secret_key "$(random)$(random)"
keep_or_write database_url "postgres://geoportal:$(cat secrets/database_password)@database/geoportal"
keep_or_write database_owner_url "postgres://geoportal_owner:$(cat secrets/database_owner_password)@database/geoportal"
# Compose binds the files as they are: readable by the container's user (10001), who is not us. The folder stays closed.
chmod 0644 secrets/*
echo "secrets/ is ready; start with: docker compose up --build"
