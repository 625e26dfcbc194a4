#!/usr/bin/env bash
# Beside a demo that interop/with-demo.sh runs: a second server over the same topics that is closed, with one key whose
# holder may read aviation.airports alone. Runs a command with its address in CLOSED_URL and the key in CLOSED_KEY.
# Usage: interop/with-demo.sh interop/with-grants.sh COMMAND [ARGUMENT]...; the exit code is the command's, or 3.
set -u
root=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
closed=$(mktemp -d)
cp -r "$root/src/main/resources/demo/mesh" "$closed/mesh"
printf 'grants:\n  - {to: {role: visitor}, products: [airports], may: [read]}\n' >"$closed/mesh/domains/aviation/policies.yaml"
printf 'grants: []\n' >"$closed/mesh/domains/seismology/policies.yaml"
"$root/millrace" key new visitor --role visitor >"$closed/key.txt" 2>/dev/null
grep '^- {' "$closed/key.txt" >"$closed/keys.yaml"
CLOSED_KEY=$(grep '^mk_' "$closed/key.txt")
cat >"$closed/millrace.yaml" <<END
http: {port: 0}
flight: {port: 0}
management: {port: 0}
kafka: {bootstrapServers: "$DEMO_KAFKA"}
data: {folder: $closed/data}
mesh: {folder: $closed/mesh}
security: {keys: $closed/keys.yaml}
END
: >"$closed/serve.log"
timeout -s TERM 1800 "$root/millrace" serve --config "$closed/millrace.yaml" >"$closed/serve.log" 2>&1 &
serve=$!
trap 'kill -TERM $serve 2>/dev/null; wait $serve 2>/dev/null; rm -rf "$closed"' EXIT
for _ in $(seq 240); do
  grep -q '^HTTP ' "$closed/serve.log" && break
  kill -0 $serve 2>/dev/null || break
  sleep 0.5
done
CLOSED_URL=$(sed -n 's|^HTTP  *\([^ ]*\)$|http://\1|p' "$closed/serve.log")
if [ -z "$CLOSED_URL" ]; then
  cat "$closed/serve.log"
  echo "the closed server did not start"
  exit 3
fi
export CLOSED_URL CLOSED_KEY
"$@"
