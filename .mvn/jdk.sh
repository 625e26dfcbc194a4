# Sourced by ./mvnw and ./millrace: leaves JAVA_HOME at a JDK 25 or newer, or ends with one clear line.
# Order: JAVA_HOME, the java on the PATH, then the folders where JDKs usually are.
jdk_release() { # prints the feature release of the JDK at $1, or 0
  if [ -x "$1/bin/javac" ] && [ -f "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
  else
    echo 0
  fi
}

find_jdk() {
  on_path=$(command -v javac 2>/dev/null || true)
  if [ -n "$on_path" ]; then
    on_path=$(dirname -- "$(dirname -- "$(readlink -f "$on_path")")")
  fi
  for jdk in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /usr/java/* /usr/local/lib/jvm/* /opt/java/* /opt/jdk* /opt/*jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*; do
    [ -n "$jdk" ] || continue
    release=$(jdk_release "$jdk")
    if [ "${release:-0}" -ge 25 ]; then
      JAVA_HOME=$jdk
      export JAVA_HOME
      return 0
    fi
  done
  echo "${0##*/}: no JDK 25 found (looked at JAVA_HOME, the PATH and the usual folders); install one, for example Eclipse Temurin 25, or set JAVA_HOME." >&2
  exit 3
}

find_jdk
