/**
 * Softmax at a temperature in the engine's 32-bit arithmetic, so that a value that rounds to zero there is zero here.
 */

const f32 = Math.fround;

/**
 * softmax(z / T), with the same operations in the same order as in the engine.
 *
 * @param {number[]} logits
 * @param {number} temperature
 */
export function softmax(logits, temperature) {
  const highest = Math.max(...logits);
  const exponentials = logits.map((logit) => f32(Math.exp(f32(f32(logit - highest) / temperature))));
  const sum = exponentials.reduce((total, each) => f32(total + each), 0);
  return exponentials.map((each) => f32(each / sum));
}

/**
 * The largest derivative of the target's probability with respect to a logit: the maximum over j of |∂F_t/∂z_j|, where
 * F is softmax(z / T). By the chain rule, the gradient at every pixel is a sum of these ten derivatives, each times the
 * derivative of a logit. If the largest is zero, the gradient is zero at every pixel.
 *
 * @param {number[]} logits
 * @param {number} target
 * @param {number} temperature
 */
export function largestDerivative(logits, target, temperature) {
  const f = softmax(logits, temperature);
  return Math.max(
    ...f.map((each, j) => Math.abs(f32(f32(each * f32((j === target ? 1 : 0) - f[target])) / temperature))),
  );
}

/**
 * The largest derivative of the loss of a class with respect to a logit: the maximum over j of |∂J/∂z_j|, where J is
 * the cross-entropy of softmax(z / T). It is the derivative with respect to the class's own logit.
 *
 * @param {number[]} logits
 * @param {number} label
 * @param {number} temperature
 */
export function largestLossDerivative(logits, label, temperature) {
  const others = softmax(logits, temperature).filter((_, j) => j !== label);
  return f32(others.reduce((total, each) => f32(total + each), 0) / temperature);
}
