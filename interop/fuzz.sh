#!/usr/bin/env bash
# Fuzzes the HTTP port by its own documents: for each product of the demo, Schemathesis makes requests from the product's
# OpenAPI document and holds the answers against it. No 5xx, no status, header, media type or body outside the document.
# Usage: interop/fuzz.sh [SECONDS OF EACH PRODUCT]; needs schemathesis on the PATH, or at $SCHEMATHESIS.
set -eu
cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
seconds=${1:-15}
schemathesis=${SCHEMATHESIS:-schemathesis}
folder=$(mktemp -d)
timeout -s TERM 900 ./millrace demo --port 0 --flight-port 0 --management-port 0 --data-dir "$folder/data" >"$folder/demo.log" 2>&1 &
demo=$!
trap 'kill -TERM $demo 2>/dev/null || true; wait $demo 2>/dev/null || true; rm -rf "$folder"' EXIT

for _ in $(seq 600); do
  grep -q 'Ctrl-C' "$folder/demo.log" && break
  kill -0 $demo 2>/dev/null || break
  sleep 0.5
done
url=$(sed -n 's|^HTTP  *\(http://[^/]*\)/.*|\1|p' "$folder/demo.log")
if [ -z "$url" ]; then
  cat "$folder/demo.log"
  echo "fuzz: the demo did not start"
  exit 3
fi

code=0
for product in $(curl -fsS "$url/v1/products" | grep -o '"url":"[^"]*"' | cut -d'"' -f4); do
  curl -fsS "$url$product/openapi.yaml" >"$folder/openapi.yaml"
  if "$schemathesis" run "$folder/openapi.yaml" --url "$url" --max-time "$seconds" --phases examples,coverage,fuzzing \
    --continue-on-failure --warnings off --no-color \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance \
    >"$folder/fuzz.log" 2>&1; then
    echo "fuzz: $product: $(grep -o '[0-9]* generated.*' "$folder/fuzz.log")"
  else
    cat "$folder/fuzz.log"
    echo "fuzz: $product is not as its document says"
    code=1
  fi
done
exit $code
