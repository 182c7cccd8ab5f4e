#!/usr/bin/env bash
# Builds the wasm package from the sources: npm run build [-- FOLDER [ENGINE …]]. By default FOLDER is
# pkg and the engines are cpu and webgpu. webgpu takes long because burn's GPU runtime is large. The
# engine bench is the CPU engine with its parts exported for measurements. It is not published.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-pkg}
engines=${*:2}
target=wasm32-unknown-unknown

[ -d node_modules ] || npm ci --no-audit --no-fund
rustup target list --installed 2>/dev/null | grep -qx $target || rustup target add $target

# The same sources should give the same bytes on every machine, so the machine's paths are replaced:
# those of the crates, of the standard library's sources if they are installed, and of the project.
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
  # Each feature is named, because --all-features would write encodings that browsers reject.
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

# Generates the TypeScript types from the JSDoc comments of the JavaScript.
types() {
  rm -rf "$out/types"
  node_modules/.bin/tsc --ignoreConfig --allowJs --strict --declaration --emitDeclarationOnly \
    --target esnext --module nodenext --outDir "$out/types" www/engine/engine.js
  find "$out/types" -type f ! -name engine.d.ts ! -name protocol.d.ts ! -name connection.d.ts -delete
}

for engine in ${engines:-cpu webgpu}; do
  case $engine in
    # -O1 is enough, because the compiler has already optimised the code. From -O2 on, wasm-opt takes
    # minutes, and the result is no faster and compresses worse.
    cpu)
      build cpu defensive_distillation target wasm -O1 700000
      types
      ;;
    # It has its own target folder, because it also builds this crate, whose module would replace the
    # module of the CPU engine.
    bench) build bench bench_engine target/bench wasm -O1 750000 --manifest-path bench/engine/Cargo.toml ;;
    webgpu) build webgpu defensive_distillation target wasm-webgpu -O1 2500000 --no-default-features --features webgpu ;;
    *) echo "There is no engine $engine. There are: cpu, webgpu, bench." >&2; exit 1 ;;
  esac
done

# The files of the page have changed, so the release's list of files is updated.
[ "$out" != pkg ] || node scripts/release.mjs
