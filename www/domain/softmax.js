/** Softmax at a temperature, in the 32-bit arithmetic of the engine: what rounds to zero there does so here. */

const round = Math.fround;

/**
 * softmax(z / T), step by step as the engine does it.
 *
 * @param {number[]} logits
 * @param {number} temperature
 */
export function softmax(logits, temperature) {
  const highest = Math.max(...logits);
  const exponentials = logits.map((logit) => round(Math.exp(round(round(logit - highest) / temperature))));
  const sum = exponentials.reduce((so, each) => round(so + each), 0);
  return exponentials.map((each) => round(each / sum));
}

/**
 * How strongly the target's probability hangs on any logit: the largest |∂F_t/∂z_j| of softmax(z / T).
 * Every pixel's gradient is a sum of these ten derivatives, each times a slope of the network's own.
 * Where the largest is zero, the gradient is zero at every pixel.
 *
 * @param {number[]} logits
 * @param {number} target
 * @param {number} temperature
 */
export function steepest(logits, target, temperature) {
  const f = softmax(logits, temperature);
  return Math.max(
    ...f.map((each, j) => Math.abs(round(round(each * round((j === target ? 1 : 0) - f[target])) / temperature))),
  );
}

/**
 * How strongly the loss of a class hangs on any logit: the largest |∂J/∂z_j| of the cross-entropy of
 * softmax(z / T), which is that of the class's own logit.
 *
 * @param {number[]} logits
 * @param {number} label
 * @param {number} temperature
 */
export function steepestLoss(logits, label, temperature) {
  const others = softmax(logits, temperature).filter((_, j) => j !== label);
  return round(others.reduce((so, each) => round(so + each), 0) / temperature);
}
