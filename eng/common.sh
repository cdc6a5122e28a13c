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
