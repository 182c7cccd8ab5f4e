#!/usr/bin/env bash
# Builds the wasm package from the sources: npm run build [-- FOLDER [ENGINE …]], where FOLDER is pkg
# and the engines are cpu and webgpu unless given. webgpu takes long: burn's GPU runtime is large. The
# engine bench is the CPU engine with its pieces laid open, and is published nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-pkg}
engines=${*:2}
target=wasm32-unknown-unknown

[ -d node_modules ] || npm ci --no-audit --no-fund
rustup target list --installed 2>/dev/null | grep -qx $target || rustup target add $target

# The same sources should give the same bytes on every machine, so its paths are kept out of them:
# the crates' folder, that of the standard library's sources where they are installed, the project's.
cargo fetch --locked --target $target
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
flags="-C target-feature=+simd128"
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
  flags+=" --remap-path-prefix=$crates=/crates"
done
flags+=" --remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$commit"
flags+=" --remap-path-prefix=$PWD=/project"

# build ENGINE CRATE FOLDER PROFILE OPTIMISATION MOST_GZIPPED CARGO_OPTION…
build() {
  local engine=$1 crate=$2 folder=$3 profile=$4 level=$5 most=$6 module=$out/$1/engine_bg.wasm
  RUSTFLAGS=$flags cargo build --locked --profile "$profile" --lib --target $target --target-dir "$folder" "${@:7}"
  rm -rf "${out:?}/$engine"
  mkdir -p "$out"
  cargo run --locked --quiet --manifest-path tools/bindgen/Cargo.toml --target-dir target -- \
    "$folder/$target/$profile/$crate.wasm" "$out/$engine"
  # Each feature is named: --all-features would write encodings that browsers refuse.
  node_modules/.bin/wasm-opt "$level" --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
    --enable-mutable-globals --enable-reference-types --enable-multivalue \
    --strip-debug --strip-producers --strip-target-features \
    "$module" -o "$module"
  node scripts/stamp.mjs write "$out" "$engine"
  local gzipped
  gzipped=$(gzip -9 -c "$module" | wc -c)
  echo "$module: $(wc -c < "$module") bytes, $gzipped gzipped (at most $most)"
  [ "$gzipped" -le "$most" ] || { echo "The module is too large." >&2; exit 1; }
}

# TypeScript's users get the types that the JavaScript states in its comments.
types() {
  rm -rf "$out/types"
  node_modules/.bin/tsc --ignoreConfig --allowJs --strict --declaration --emitDeclarationOnly \
    --target esnext --module nodenext --outDir "$out/types" www/engine/engine.js
  find "$out/types" -type f ! -name engine.d.ts ! -name protocol.d.ts ! -name connection.d.ts -delete
}

for engine in ${engines:-cpu webgpu}; do
  case $engine in
    # The compiler has optimised already: at -O2 and above this takes minutes, and the result is no
    # faster and compresses worse.
    cpu)
      build cpu defensive_distillation target wasm -O1 700000
      types
      ;;
    # In a folder of its own: it builds this crate as well, and would leave its module where the CPU
    # engine's is looked for.
    bench) build bench bench_engine target/bench wasm -O1 750000 --manifest-path bench/engine/Cargo.toml ;;
    webgpu) build webgpu defensive_distillation target wasm-webgpu -O1 2500000 --no-default-features --features webgpu ;;
    *) echo "There is no engine $engine. There are: cpu, webgpu, bench." >&2; exit 1 ;;
  esac
done

# What the page is made of has changed, and with it the release's list of files.
[ "$out" != pkg ] || node scripts/release.mjs
