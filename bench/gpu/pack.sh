#!/bin/sh
# Makes a folder with all that bench/gpu/run.py needs on a machine without Rust, git or a network:
#
#     bench/gpu/pack.sh [FOLDER]        # gpu-pack by default
#
# There, with Vulkan and PyTorch: python3 FOLDER/bench/gpu/run.py --out bench-gpu.json
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-gpu-pack}

rm -rf "$folder"
mkdir -p "$folder/bench/gpu" "$folder/bench/python" "$folder/www/models" "$folder/www/samples"

# The kernels become SPIR-V with the first features, and WGSL, as on the page, with the second.
for kernels in vulkan:vulkan wgsl:cli,webgpu; do
  cargo build --locked --release --bin distill --features "${kernels#*:}"
  strip -o "$folder/distill-${kernels%:*}" target/release/distill
  xz --force "$folder/distill-${kernels%:*}"
done
cp bench/gpu/run.py bench/gpu/peer.py "$folder/bench/gpu"
cp bench/python/peers.py "$folder/bench/python"
cp www/models/manifest.json www/models/mnist-undefended.safetensors www/models/cifar10-undefended.safetensors "$folder/www/models"
cp www/samples/* "$folder/www/samples"
du -sh "$folder"
