/** How long a run will take: its work in seconds of one core. `backends.js` turns work into time. */
import { ATTACKS, usesTemperature } from "../domain/attacks.js";
import { CIFAR10, MNIST } from "../domain/datasets.js";
import { attemptsAnImage, tasksOf } from "./plan.js";

/** @typedef {import("./plan.js").Choice} Choice */

/**
 * Milliseconds of one core for one step of one attack, measured on a machine of 2024. A first estimate; `backends.js`
 * corrects it after the first run.
 *
 * @type {Record<string, number>}
 */
const STEP_MS = { [MNIST]: 3, [CIFAR10]: 22 };
/** The cost of a full Jacobian with its ten rows, in steps. */
const JACOBIAN_COST = 6;
/**
 * At a training temperature (times k) of this or more, the gradient of a softmax at T = 1 mostly vanishes, so an attack
 * ends at its first step.
 */
const VANISHING_TEMPERATURE = 10;

/** Estimates a run's work, in seconds of one core. @param {Choice} choice */
export function coreSeconds(choice) {
  const steps = tasksOf(choice).map(({ subject: { model, scale }, settings }) => {
    if (!settings) return JACOBIAN_COST;
    const isVanishing =
      ATTACKS[settings.attack].output === "softmax"
      && !usesTemperature(settings)
      && model.temperature * (scale ?? 1) >= VANISHING_TEMPERATURE;
    return isVanishing ? 1 : ATTACKS[settings.attack].stepCost;
  });
  const total = steps.reduce((sum, each) => sum + each, 0);
  return (total * choice.images * attemptsAnImage(choice.experiment) * STEP_MS[choice.data]) / 1000;
}
