#!/usr/bin/env bash
# Runs all checks and tests: npm test. The machine needs only Rust and Node; the rest is installed.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

title="" started=0
section() {
  [ -z "$title" ] || printf -- '--- %s: %s s\n' "$title" $((SECONDS - started))
  title=$1 started=$SECONDS
  printf '\n=== %s\n' "$title"
}
trap 'printf "\n*** Failed in: %s (after %s s)\n" "$title" "$SECONDS" >&2' ERR

need() {
  command -v "$1" > /dev/null || { echo "$1 is needed: $2" >&2; false; }
}
apt_install() {
  local as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  command -v apt-get > /dev/null || { echo "Please install $* and try again." >&2; false; }
  $as_root apt-get update -q
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qy --no-install-recommends "$@"
}

section "Set-up"
need cargo "see https://rustup.rs"
need node "version 20 or later, see https://nodejs.org"
need npm "it comes with Node.js"
# Installs the toolchain of rust-toolchain.toml: the compiler, its wasm target, rustfmt and clippy.
if command -v rustup > /dev/null; then rustup toolchain install --no-self-update; fi
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund
command -v chromium > /dev/null || command -v google-chrome > /dev/null || apt_install chromium
command -v firefox-esr > /dev/null || command -v firefox > /dev/null || apt_install firefox-esr
command -v WebKitWebDriver > /dev/null && command -v Xvfb > /dev/null || apt_install webkit2gtk-driver xvfb
[ -n "$(fc-list :lang=ja 2> /dev/null)" ] || apt_install fontconfig fonts-noto-cjk
# Both data sets (150 MB), because the tests measure the published accuracies again.
npm run --silent data

section "Rust: format"
cargo fmt --check
cargo fmt --check --manifest-path tools/bindgen/Cargo.toml

section "Rust: clippy, native"
cargo clippy --locked --release --features cli --all-targets -- -D warnings

section "Rust: clippy, wasm"
cargo clippy --locked --profile wasm --lib --target wasm32-unknown-unknown -- -D warnings

section "Rust: documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --release --features cli --no-deps

section "Rust: tests"
cargo test --locked --release --features cli

section "pkg/ was built from the sources"
node scripts/check-pkg.mjs

section "Licences of the crates in the modules"
node scripts/licences.mjs --check

section "The figures and the papers in the README and the pages"
node scripts/readme.mjs --check
node scripts/blog.mjs --check
node scripts/papers.mjs --check

section "The list of the release's files"
node scripts/release.mjs --check

section "JavaScript: format and lint"
npm run --silent lint

section "JavaScript: types"
node_modules/.bin/tsc
node_modules/.bin/tsc --project tsconfig.node.json
node_modules/.bin/tsc --project tsconfig.sw.json

section "JavaScript: unit tests"
node --test tests/web/{unit,imports,link-format,pictures,bench,fuzz,figures,module-memory}.test.mjs

section "The page in a browser"
node --test --test-concurrency=1 tests/web/{engine,engine-switch,bits,experiments,webgpu,pool,published,page,datasets,upload,drawing,lab,links-on-page,embed,offline,releases,policy,faults,broken-downloads,ended-workers,messages,page-memory,late-responses,closing,theme,accessibility,older-browsers,languages,site,firefox,webkit}.test.mjs

printf -- '--- %s: %s s\n\nEverything passed, in %s s.\n' "$title" $((SECONDS - started)) "$SECONDS"
