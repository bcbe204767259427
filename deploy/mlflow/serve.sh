#!/usr/bin/env bash
# MLflow's server with PostgreSQL as plain processes, reachable from this machine only. Ctrl-C or SIGTERM ends both.
#
#   deploy/mlflow/serve.sh FOLDER        # everything lives in FOLDER; started again, it goes on with what is there
#
# PORT (5000) is the server's, DB_PORT (5433) the database's. ARTIFACTS (FOLDER/artifacts) may be s3://BUCKET/PATH, with AWS_*
# set for it. Needs initdb and pg_ctl, and .[postgres] (.[s3]) installed. As root the database runs as DB_ACCOUNT (postgres).
set -euo pipefail
umask 077
mkdir -p "${1:?give a folder}"
folder=$(realpath "$1")
port=${PORT:-5000} db_port=${DB_PORT:-5433}
postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2> /dev/null | sort -V | tail -n 1)  # Debian: not on PATH
export PATH="$PATH${postgres_bin:+:$postgres_bin}"

database() {
  if ((EUID == 0)); then
    runuser -u "${DB_ACCOUNT:-postgres}" -- "$@"
  else
    "$@"
  fi
}

if [ ! -s "$folder/password" ]; then
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$folder/password"
fi
if [ ! -e "$folder/database" ]; then
  mkdir "$folder/database.new"
  cp "$folder/password" "$folder/database.new/password"
  if ((EUID == 0)); then
    chmod 711 "$folder"
    chown -R "${DB_ACCOUNT:-postgres}" "$folder/database.new"
  fi
  database initdb -D "$folder/database.new/data" -U mlflow -A scram-sha-256 --pwfile "$folder/database.new/password" > /dev/null
  rm "$folder/database.new/password"
  mv "$folder/database.new" "$folder/database"  # the name says that it is whole
fi

end() {
  trap '' TERM INT
  [ -z "${server:-}" ] || { kill -TERM -- "-$server" 2> /dev/null || true; wait "$server" || true; }
  database pg_ctl -D "$folder/database/data" -m fast -s -w stop || true
}
trap end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

database pg_ctl -D "$folder/database/data" -l "$folder/database/log" -s -w start \
  -o "-p $db_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"

# Settings, not arguments: the password would show in the list of processes.
password=$(< "$folder/password")
export MLFLOW_BACKEND_STORE_URI="postgresql://mlflow:$password@127.0.0.1:$db_port/postgres"
export MLFLOW_ARTIFACTS_DESTINATION=${ARTIFACTS:-$folder/artifacts}
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true
setsid mlflow server --host 127.0.0.1 --port "$port" --workers 1 &  # a group of its own, so that its workers end with it
server=$!
wait "$server"
