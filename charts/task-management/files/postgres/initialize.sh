#!/bin/sh
# Makes the database at the first start, and leaves it alone at each later one. It is built beside its place and moved there
# last, so that a start that was cut off begins anew instead of leaving half a database.
# Environment: PGDATA, POSTGRES_DB, POSTGRES_USER (owner of the database, no superuser), POSTGRES_PASSWORD.
set -eu
data=$PGDATA
if [ -s "$data/PG_VERSION" ]; then
  echo "initialize: $data holds PostgreSQL $(cat "$data/PG_VERSION"), left as it is"
  exit 0
fi
rm -rf "$data.new"
initdb --pgdata "$data.new" --username postgres --encoding UTF8 --locale C.UTF-8 --data-checksums \
  --auth-local peer --auth-host scram-sha-256
identifier() { printf '"%s"' "$(printf %s "$1" | sed 's/"/""/g')"; }
literal() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }
# The single-user server reads one statement a line; it repeats nothing of them in its log.
postgres --single -D "$data.new" -c log_statement=none -c log_min_error_statement=panic postgres <<SQL
CREATE ROLE $(identifier "$POSTGRES_USER") LOGIN PASSWORD $(literal "$POSTGRES_PASSWORD")
CREATE DATABASE $(identifier "$POSTGRES_DB") OWNER $(identifier "$POSTGRES_USER")
SQL
sync
mv "$data.new" "$data"
echo "initialize: made database $POSTGRES_DB for $POSTGRES_USER"
