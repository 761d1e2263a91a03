#!/usr/bin/env bash
# Run by the PostgreSQL image once, when its volume is new: a role and a database for each service, as the url in its secret
# says. No role can connect to another one's database.
set -euo pipefail

for service in receive inventory payment email; do
  url=$(</run/secrets/"${service}_database")
  if [[ ! $url =~ ^postgresql://([a-z_]+):([^:@/]+)@[^/]+/([a-z_]+)$ ]]; then
    echo "10-databases.sh: the secret ${service}_database is no postgresql://ROLE:PASSWORD@HOST/DATABASE" >&2
    exit 1
  fi
  # The password goes by the environment: everybody can read a command line.
  ROLE=${BASH_REMATCH[1]} PASSWORD=${BASH_REMATCH[2]} DATABASE=${BASH_REMATCH[3]} \
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv role ROLE
\getenv password PASSWORD
\getenv database DATABASE
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
done
