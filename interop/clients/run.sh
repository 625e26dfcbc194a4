#!/usr/bin/env bash
# The clients of Flight and Flight SQL, each at the demo that interop/with-demo.sh has started. A line for each thing tried; the
# exit code is 1 when something is not as it should be. PYTHON has the packages that sql.py names, DRIVER is Arrow's JDBC driver.
set -u
here=$(cd "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../.mvn/jdk.sh"
code=0
"${PYTHON:-python3}" "$here/sql.py" "$DEMO_FLIGHT" || code=1
"$JAVA_HOME/bin/java" --add-opens=java.base/java.nio=ALL-UNNAMED -cp "$DRIVER" "$here/Jdbc.java" "$DEMO_FLIGHT" 2>&1 | grep -v "^[A-Z][a-z][a-z] [0-9]\|^INFO"
[ "${PIPESTATUS[0]}" -eq 0 ] || code=1
exit "$code"
