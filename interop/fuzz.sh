#!/usr/bin/env bash
# Fuzzes the HTTP port by its own documents: for each product of a mesh, Schemathesis makes requests from the product's
# OpenAPI document and holds the answers against it. No 5xx, no status, header, media type or body outside the document.
# Usage: interop/with-demo.sh interop/fuzz.sh [SECONDS OF EACH PRODUCT]; DEMO_URL is the server's address. Needs
# schemathesis on the PATH, or at $SCHEMATHESIS.
set -eu
seconds=${1:-15}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
code=0
for product in $(curl -fsS "$DEMO_URL/v1/products" | grep -o '"url":"[^"]*"' | cut -d'"' -f4); do
  curl -fsS "$DEMO_URL$product/openapi.yaml" >"$log/openapi.yaml"
  if "${SCHEMATHESIS:-schemathesis}" run "$log/openapi.yaml" --url "$DEMO_URL" --max-time "$seconds" \
    --phases examples,coverage,fuzzing --continue-on-failure --warnings off --no-color \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance \
    >"$log/fuzz.log" 2>&1; then
    echo "fuzz: $product: $(grep -o '[0-9]* generated.*' "$log/fuzz.log")"
  else
    cat "$log/fuzz.log"
    echo "fuzz: $product is not as its document says"
    code=1
  fi
done
exit $code
