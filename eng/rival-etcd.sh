# shellcheck shell=bash
# shellcheck disable=SC2154 # here, name and part are the sourcing script's
# What the rivals from etcd share: where Debian puts its sources, what is missing, and how one is built.
# Set by who sources it: here (the folder with main.go), name (of the program) and part (of etcd) that is measured.

readonly gopath=/usr/share/gocode
readonly library=$gopath/src/go.etcd.io/etcd
readonly packages=(golang-go golang-etcd-server-dev)
readonly program=$here/../../artifacts/$name/rival

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "--install works with apt-get only, and there is none on the PATH. Install ${packages[*]} by other means." >&2
    exit 3
  fi
  if ((EUID != 0)); then
    echo "--install has to be run as root: apt-get installs ${packages[*]} for the whole machine." >&2
    exit 3
  fi
  apt-get update
  exec apt-get install --yes --no-install-recommends "${packages[@]}"
}

require_packages() {
  local missing=()
  command -v go >/dev/null || missing+=("the Go compiler (Debian's golang-go)")
  [[ -d $library/$part ]] || missing+=("etcd's sources in $library (Debian's golang-etcd-server-dev)")
  if ((${#missing[@]} > 0)); then
    printf 'The rival needs %s.\n' "${missing[@]}" >&2
    echo "Install with: apt-get update && apt-get install ${packages[*]}" >&2
    echo "or, as root: tools/$name/run --install" >&2
    exit 3
  fi
}

build() {
  if [[ ! -x $program || $here/main.go -nt $program ]]; then
    mkdir -p "$(dirname "$program")"
    # Only what is installed is built: no module is looked for on the network.
    (cd "$here" && GO111MODULE=off GOPATH=$gopath GOFLAGS='' go build -o "$program" main.go)
  fi
}

etcd_version() {
  local etcd go
  etcd=$(sed -n 's/^[[:space:]]*Version  *= "\(.*\)"$/\1/p' "$library/version/version.go")
  go=$(go env GOVERSION)
  echo "etcd $part $etcd ($1), ${go/go/Go }"
}

# Answers the options that every rival has, or runs the program.
run_rival() {
  local description=$1
  shift
  case ${1:-} in
    --help | -h)
      usage
      exit 0
      ;;
    --install)
      install_packages
      ;;
  esac

  require_packages
  build
  if [[ ${1:-} == --version ]]; then
    etcd_version "$description"
    exit 0
  fi

  exec "$program" "$@"
}
