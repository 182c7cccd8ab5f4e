#!/usr/bin/env bash
# Builds the wasm package from the sources: npm run build [-- FOLDER], where FOLDER is pkg unless given.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-pkg}
target=wasm32-unknown-unknown
most_gzipped=700000

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
RUSTFLAGS=$flags cargo build --locked --profile wasm --lib --target $target

rm -rf "$out/cpu" "$out/types"
mkdir -p "$out"
cargo run --locked --quiet --manifest-path tools/bindgen/Cargo.toml --target-dir target -- \
  target/$target/wasm/defensive_distillation.wasm "$out/cpu"

# Each feature is named: --all-features would write encodings that browsers refuse. The compiler has
# optimised already: at -O2 and above this takes minutes, and the result is no faster and compresses worse.
node_modules/.bin/wasm-opt -O1 --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
  --enable-mutable-globals --enable-reference-types --enable-multivalue \
  --strip-debug --strip-producers --strip-target-features \
  "$out/cpu/engine_bg.wasm" -o "$out/cpu/engine_bg.wasm"

# TypeScript's users get the types that the JavaScript states in its comments.
node_modules/.bin/tsc --ignoreConfig --allowJs --strict --declaration --emitDeclarationOnly \
  --target esnext --module nodenext --outDir "$out/types" www/engine.js
find "$out/types" -type f ! -name engine.d.ts ! -name protocol.d.ts -delete

node scripts/stamp.mjs write "$out"

gzipped=$(gzip -9 -c "$out/cpu/engine_bg.wasm" | wc -c)
echo "$out/cpu/engine_bg.wasm: $(wc -c < "$out/cpu/engine_bg.wasm") bytes, $gzipped gzipped (at most $most_gzipped)"
[ "$gzipped" -le $most_gzipped ] || { echo "The module is too large." >&2; exit 1; }
