/** This project's own measurements, from the results file; without the file there is nothing to show. */

const FILE = new URL("../../results/success.json", import.meta.url);
const ROLES = ["undefended", "distilled", "teacher", "scaled"];

/** The rows of the paper's protocol on MNIST, each with the T that its attack looked at: the network's own, 1, or another. */
export async function fetchPublished() {
  return fetch(FILE).then((response) => (response.ok ? response.json() : [])).then(parse).catch(() => []);
}

/** @param {unknown} value */
export function parse(value) {
  if (!Array.isArray(value)) return [];
  return value
    .filter((row) => row?.dataset === "mnist" && ROLES.includes(row.role) && row.theta === 1 && row.budget === 112)
    .filter(({ temperature, scale = 1, attack_temperature = 1 }) => [temperature, scale, attack_temperature].every(Number.isFinite))
    .map(({ role, temperature, scale = 1, attack, direction, attempts, rate, interval, attack_temperature = 1 }) => {
      const isOwn = Math.abs(attack_temperature / (temperature * scale) - 1) < 1e-6;
      const at = isOwn ? "own" : attack_temperature === 1 ? "one" : "other";
      return { role, temperature, scale, attack, direction, attempts, rate, interval: /** @type {[number, number]} */ ([interval?.[0], interval?.[1]]), at };
    })
    .filter(({ temperature, scale, attempts, rate, interval }) => [attempts, rate, ...interval].every(Number.isFinite))
    .slice(0, 200);
}
