/** A TypeScript program that uses the published package. It only has to compile; it is never run. */
import { type AttackResult, createEngine, type Step } from "defensive-distillation";

export async function example(
  image: Float32Array,
  show: (step: Step) => void,
  report: (share: number) => void,
): Promise<AttackResult> {
  const engine = await createEngine({ prefer: "auto", onProgress: ({ loaded, total }) => report(loaded / total) });
  const { temperature }: { temperature: number } = await engine.load("mnist-undefended", {
    signal: AbortSignal.timeout(1000),
  });
  const { label } = await engine.classify({ model: "mnist-undefended", image });
  await engine.attack({
    model: "mnist-undefended",
    image,
    target: label,
    // @ts-expect-error There is no such attack.
    attack: "deepfool",
    direction: "increase",
    theta: 1,
    budget: 112,
  });
  return engine.attack(
    {
      model: "mnist-undefended",
      image,
      target: temperature,
      attack: "jsma-f",
      direction: "increase",
      theta: 1,
      budget: 112,
    },
    { onStep: show },
  );
}
