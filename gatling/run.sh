#!/usr/bin/env bash
# Loads a demo that it starts and stops itself, and prints where the report is.
# Usage: gatling/run.sh [-Drate=N] [-Dseconds=N] ..., the properties of RowsSimulation.
set -eu
root=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
if [ -z "${DEMO_URL:-}" ]; then
  exec "$root/interop/with-demo.sh" "$root/gatling/run.sh" "$@"
fi
"$root/mvnw" -B -q -f "$root/gatling/pom.xml" gatling:test -DbaseUrl="$DEMO_URL" "$@"
