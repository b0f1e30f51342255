# What every script here stands on: a JDK, Maven and the Debian packages. Sourced, not run.

LEAST_JDK=21
BUILD_PACKAGES="maven"
GUEST_PACKAGES="qemu-system-x86 qemu-utils xfsprogs e2fsprogs btrfs-progs cpio util-linux xz-utils strace python3 openssh-client"
# What builds a module for the guest's kernel; the kernel's own tools for that need libelf.
KERNEL_MODULE_PACKAGES="gcc make libc6-dev libelf-dev"

say() { printf '%s\n' "$*" >&2; }

# The feature release of the JDK in a directory, from its release file; 0 where there is none.
jdk_release() {
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  [ -x "$1/bin/javac" ] && echo "${version:-0}" || echo 0
}

# Sets JDK to the newest JDK that is new enough: JAVA_HOME first, then what is installed.
find_jdk() {
  JDK='' JDK_RELEASE=0
  local home release mine=${HOME:-/nonexistent}
  if [ -n "${JAVA_HOME:-}" ] && [ "$(jdk_release "$JAVA_HOME")" -ge "$LEAST_JDK" ]; then
    JDK=$JAVA_HOME JDK_RELEASE=$(jdk_release "$JAVA_HOME")
    return 0
  fi
  for home in /usr/lib/jvm/* /opt/jdk* /opt/java/* "$mine"/.sdkman/candidates/java/* "$(on_path)"; do
    release=$(jdk_release "$home")
    if [ "$release" -ge "$LEAST_JDK" ] && [ "$release" -gt "$JDK_RELEASE" ]; then
      JDK=$home JDK_RELEASE=$release
    fi
  done
  [ -n "$JDK" ]
}

on_path() {
  local javac
  javac=$(readlink -f "$(command -v javac 2>/dev/null)" 2>/dev/null) || return 0
  dirname "$(dirname "$javac")"
}

require_jdk() {
  find_jdk && return 0
  local release package
  for release in 25 "$LEAST_JDK"; do
    package=openjdk-$release-jdk-headless
    if known_package "$package" && install_packages "$package" && find_jdk; then return 0; fi
  done
  say "stillpoint: no JDK of $LEAST_JDK or newer was found (looked at JAVA_HOME, /usr/lib/jvm, /opt and PATH)."
  say "Debian 13 and newer have one:   apt-get install openjdk-$LEAST_JDK-jdk-headless"
  say "Debian 12 has none: take Temurin 25 from https://adoptium.net, unpack it below /usr/lib/jvm or set"
  say "JAVA_HOME to where it is, and run this again."
  exit 1
}

known_package() { [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: [^(]//p')" ]; }

# Of the named Debian packages, those that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
  done
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >&2
}

# Quiet where there is nothing to install; fails where it cannot be done.
install_packages() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing:" $missing
  # shellcheck disable=SC2086
  apt_install $missing 2>/dev/null || { apt-get update -q </dev/null >&2 && apt_install $missing; }
}

require_packages() {
  command -v dpkg-query >/dev/null || { say "stillpoint: this is no Debian system; needed are the likes of: $*"; return 0; }
  install_packages "$@" && return 0
  say "stillpoint: some packages are missing. Install them as root, and run this again:"
  say "  apt-get install --no-install-recommends" $(missing_packages "$@")
  exit 1
}

require_maven() { command -v mvn >/dev/null || require_packages $BUILD_PACKAGES; }

# Maven on the JDK that was found: the formatter runs inside Maven's own JVM.
maven() {
  local quiet=''
  [ "$JDK_RELEASE" -lt 24 ] || quiet='--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED'
  JAVA_HOME=$JDK MAVEN_OPTS="$quiet ${MAVEN_OPTS:-}" mvn -B -ntp "$@" </dev/null
}

# One line that changes when any source does.
source_stamp() {
  (cd "$TOP" && find pom.xml core qmp qga backends cli "$@" \( -name target -o -path '*/src/test' \) -prune -o \
    \( -name '*.java' -o -name pom.xml -o -path '*/src/main/resources/*' \) -type f -printf '%p %s %T@\n' | sort | sha256sum)
}

# Builds a module and what it needs, unless it was built from these very sources.
build() {
  local module=$1 stamp file log
  shift
  stamp=$(source_stamp "$@")
  file=$TOP/$module/target/stillpoint.stamp
  [ "$(cat "$file" 2>/dev/null)" != "$stamp" ] || return 0
  require_maven
  # One build at a time: whoever waited finds the work done.
  mkdir -p "$TOP/$module/target"
  exec 9>"$TOP/$module/target/stillpoint.lock"
  flock 9
  if [ "$(cat "$file" 2>/dev/null)" = "$stamp" ]; then exec 9>&-; return 0; fi
  say "building stillpoint (first use, or the sources changed) ..."
  log=$(mktemp)
  # Ctrl-C in a build leaves no log behind.
  # shellcheck disable=SC2064
  trap "rm -f '$log'" EXIT
  # Jars of other versions must not stay beside the new ones.
  rm -rf "$TOP/$module/target/lib"
  if ! (cd "$TOP" && maven -q -DskipTests -Dspotless.check.skip=true package -pl "$module" -am) >"$log" 2>&1; then
    cat "$log" >&2
    say "stillpoint: the build failed; nothing was run."
    exit 1
  fi
  rm -f "$log"
  trap - EXIT
  echo "$stamp" >"$file"
  exec 9>&-
}

class_path() {
  local jar path=''
  for jar in "$TOP/$1"/target/stillpoint-"$1"-*[T0-9].jar "$TOP/$1"/target/lib/*.jar; do path=$path:$jar; done
  echo "${path#:}"
}
