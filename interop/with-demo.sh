#!/usr/bin/env bash
# Starts the demo on free ports in a folder of its own, runs a command with its address in DEMO_URL, Flight's port in
# DEMO_FLIGHT, its broker's address in DEMO_KAFKA, and stops it again.
# Usage: interop/with-demo.sh COMMAND [ARGUMENT]...; the exit code is the command's, or 3 when the demo does not start.
set -u
root=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
timeout -s TERM 1800 "$root/millrace" demo --port 0 --flight-port 0 --management-port 0 --data-dir "$folder/data" >"$folder/demo.log" 2>&1 &
demo=$!
trap 'kill -TERM $demo 2>/dev/null; wait $demo 2>/dev/null; rm -rf "$folder"' EXIT

for _ in $(seq 1200); do
  grep -q 'Ctrl-C' "$folder/demo.log" && break
  kill -0 $demo 2>/dev/null || break
  sleep 0.5
done
DEMO_URL=$(sed -n 's|^HTTP  *\(http://[^/]*\)/.*|\1|p' "$folder/demo.log")
if [ -z "$DEMO_URL" ]; then
  cat "$folder/demo.log"
  echo "the demo did not start"
  exit 3
fi
DEMO_KAFKA=$(sed -n 's|^Kafka broker at \([^ ]*\).*|\1|p' "$folder/demo.log" | head -n 1)
DEMO_FLIGHT=$(sed -n 's|^Flight .*:\([0-9]*\)$|\1|p' "$folder/demo.log" | head -n 1)
export DEMO_URL DEMO_KAFKA DEMO_FLIGHT
"$@"
