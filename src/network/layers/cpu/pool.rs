//! The 2×2 max-pool, channels last.

/// The maximum of each 2×2 block, from `[2 · rows, 2 · width, channels]` to `[rows, width, channels]`.
pub fn forward(x: &[f32], out: &mut [f32], width: usize, channels: usize) {
    let line = 2 * width * channels;
    for (rows, out) in x.chunks_exact(2 * line).zip(out.chunks_exact_mut(width * channels)) {
        for (column, out) in out.chunks_exact_mut(channels).enumerate() {
            let at = 2 * column * channels;
            let [a, b, c, d] = [at, at + channels, line + at, line + at + channels]
                .map(|at| &rows[at..at + channels]);
            for (i, out) in out.iter_mut().enumerate() {
                *out = a[i].max(b[i]).max(c[i].max(d[i]));
            }
        }
    }
}
