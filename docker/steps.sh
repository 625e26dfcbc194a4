#!/bin/sh
# The steps of the Dockerfile, each a function, so that they also run on a plain folder:
#   docker/steps.sh build SOURCES      compile and package, without tests
#   docker/steps.sh layout SOURCES APP lay out the program: APP/millrace.jar, APP/lib, APP/jvm.args, APP/steps.sh
#   docker/steps.sh train APP          run the program once and keep what the JVM loaded in APP/millrace.aot
#   docker/steps.sh run APP ARG...     run the program, with the AOT cache when there is one
#   docker/steps.sh health [PORT]      exit 0 when the management port (8081) answers 200 to /health/live
set -eu

build() {
  "$1/mvnw" -q -B package -Dmaven.test.skip=true
}

layout() {
  mkdir -p "$2/lib"
  cp "$1/target/millrace.jar" "$2/"
  cp "$1"/target/lib/*.jar "$2/lib/"
  cp "$1/src/main/launch/jvm.args" "$1/docker/steps.sh" "$2/"
}

# The program as it will run, asked a few things and stopped by SIGTERM when it is ready; the JVM writes the cache at its end (JEP 514).
train() {
  work=$(mktemp -d)
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" "-XX:AOTCacheOutput=$1/millrace.aot" "@$1/jvm.args" -jar "$1/millrace.jar" \
    demo --port 18080 --flight-port 0 --management-port 18081 --data-dir "$work/data" --records 2000 \
    >"$work/log" 2>&1 &
  trained=$!
  seconds=0
  served=no
  rows=/v1/products/aviation/flights/rows
  while [ "$seconds" -lt 120 ] && kill -0 "$trained" 2>/dev/null; do
    if answers 18081 /health/ready; then
      served=yes
      for path in /v1/products /v1/products/aviation/flights "$rows?limit=10" "$rows/F0000001"; do
        answers 18080 "$path" || true
      done
      break
    fi
    sleep 1
    seconds=$((seconds + 1))
  done
  kill -TERM "$trained" 2>/dev/null || true
  wait "$trained" || true
  if [ "$served" = no ] || [ ! -s "$1/millrace.aot" ]; then
    cat "$work/log" >&2
    rm -rf "$work" "$1/millrace.aot"
    echo "steps.sh: the training run did not serve or left no AOT cache; its output is above" >&2
    return 1
  fi
  rm -rf "$work"
}

run() {
  app=$1
  shift
  set -- "@$app/jvm.args" ${MILLRACE_JAVA_OPTS:-} -jar "$app/millrace.jar" "$@"
  unset MILLRACE_JAVA_OPTS # the server takes MILLRACE_ variables for its own settings
  if [ -s "$app/millrace.aot" ]; then
    set -- "-XX:AOTCache=$app/millrace.aot" "$@"
  fi
  exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" "$@"
}

health() {
  answers "${1:-8081}" /health/live
}

# answers PORT PATH: whether it is 200. bash's own sockets: a runtime image has neither curl nor wget.
answers() {
  bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3
    read -r -t 5 _ status _ <&3 && [ "$status" = 200 ]' answers "$@" 2>/dev/null
}

step=${1:-}
case $step in
  build | layout | train | run | health) shift && "$step" "$@" ;;
  *) sed -n '2,7s/^# //p' "$0" >&2 && exit 2 ;;
esac
