# shellcheck shell=bash
# Sourced by the commands at the repository's root.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

# Ends the command unless an SDK is installed that global.json accepts.
require_sdk() {
  local wanted
  wanted=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$root/global.json")

  if ! command -v dotnet >/dev/null; then
    echo "Graft needs the .NET SDK $wanted, and there is no 'dotnet' on the PATH." >&2
    echo "Get it from https://dotnet.microsoft.com/download and try again." >&2
    exit 3
  fi

  # Outside of the tree `dotnet --version` would ignore global.json.
  if ! (cd "$root" && dotnet --version >/dev/null 2>&1); then
    echo "Graft needs the .NET SDK $wanted or a later feature band of it. Installed:" >&2
    (cd / && dotnet --list-sdks | sed 's/^/  /') >&2
    echo "Get it from https://dotnet.microsoft.com/download and try again." >&2
    exit 3
  fi
}

# Installs strace where that takes no question: as root, with apt-get. The tests that make system calls fail are skipped
# without it, and say so.
want_strace() {
  if command -v strace >/dev/null || ! command -v apt-get >/dev/null || ((EUID != 0)); then
    return 0
  fi

  echo "Installing strace"
  DEBIAN_FRONTEND=noninteractive timeout 120 apt-get install -y -qq strace </dev/null >/dev/null 2>&1 ||
    echo "strace could not be installed; the tests that need it are skipped."
}

# run_built PROJECT [-p:NAME=VALUE]... [ARGUMENT]...
# Builds an executable project in Release, silently unless that fails, and becomes it. Leading -p: arguments go to the build.
# The working directory stays the caller's, so that relative paths among the arguments mean what they say.
run_built() {
  local project=$1 name
  name=$(basename "$project")
  shift

  local properties=()
  while [[ ${1:-} == -p:* ]]; do
    properties+=("$1")
    shift
  done

  require_sdk
  local log
  log=$(mktemp)
  # From the root, because global.json is looked up from the working directory.
  if ! (cd "$root" && dotnet build "$project" --configuration Release --verbosity quiet "${properties[@]}" </dev/null >"$log" 2>&1); then
    cat "$log" >&2
    rm -f "$log"
    echo "$name does not build." >&2
    exit 3
  fi
  rm -f "$log"

  exec dotnet "$root/artifacts/bin/$name/release/$name.dll" "$@"
}

# run_published PROJECT [ARGUMENT]...
# Publishes an executable project with its code compiled ahead, if a source is newer than the last time, and becomes it. A start
# then asks the file system and nobody else. The working directory stays the caller's.
run_published() {
  local project=$1 name published
  name=$(basename "$project")
  published="$root/artifacts/published/$name"
  shift

  if ! is_current "$published/.built"; then
    # Two that are started at once, as in the terminals of a tutorial: one builds, the other waits for it.
    mkdir -p "$root/artifacts"
    (
      if command -v flock >/dev/null; then
        flock 9
      fi
      is_current "$published/.built" || publish "$project" "$published"
    ) 9>"$root/artifacts/$name.lock" || exit $?
  fi

  GRAFT_NAME=$0 exec dotnet "$published/$name.dll" "$@"
}

# Whether nothing that a build reads is newer than a file. A source that was deleted has made its folder newer.
is_current() {
  [[ -f $1 ]] || return 1
  [[ -z $(find "$root/src" "$root/eng" "$root"/Directory.*.{props,targets} "$root/global.json" -newer "$1" -print -quit 2>/dev/null) ]]
}

# Puts a published project in the place of the one before, which may be running. In a tree of its own: a build without analyzers in
# the place of one with them would have everything compiled again by whichever comes next.
publish() {
  local project=$1 published=$2 log status=0
  require_sdk
  log=$(mktemp)
  echo "Building $(basename "$project"), which takes a minute the first time ..." >&2
  rm -rf "$published.new"
  mkdir -p "$published.new"
  touch "$published.new/.built"
  (
    cd "$root" && dotnet publish "$project" --configuration Release --use-current-runtime --self-contained false \
      -p:PublishReadyToRun=true -p:RunAnalyzers=false -p:DebugType=none -p:ArtifactsPath="$root/artifacts/published/build" \
      --verbosity quiet --output "$published.new" </dev/null >"$log" 2>&1
  ) || status=$?
  if ((status != 0)); then
    cat "$log" >&2
    rm -rf "$log" "$published.new"
    echo "$(basename "$project") does not build." >&2
    exit 3
  fi
  rm -rf "$log" "$published"
  mv "$published.new" "$published"
}
