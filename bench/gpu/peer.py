"""Times JSMA-F by batched PyTorch on a GPU: all attacks in one batch, float32 without TF32.

    python3 bench/gpu/peer.py DATASET ATTACKS REPEATS DEVICE

Prints one line of JSON for each variant: `eager` is that of bench/python/peers.py, where attacks that have ended leave the
batch after each step. `graphs` replays CUDA graphs of two steps, recorded for a few sizes of the batch, with convolutions
chosen by measuring them; `graphs-nhwc` keeps the channels last. Without CUDA the same steps are called one by one.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from peers import ACTIVE, ALREADY_TARGET, BUDGET, BUDGET_SPENT, FOOLED, NO_PAIR, OUTCOMES  # noqa: E402
from peers import attempts, best_pairs, jsma, network, target_gradient  # noqa: E402

# Steps of a graph. Attacks leave the batch only between two graphs.
STEPS = 2
# Sizes of the batch for which a graph is recorded, besides that of all attacks. The smallest that holds the active attacks is
# replayed.
SIZES = [768, 640, 512, 416, 320, 256, 192, 128, 96, 64, 32]


class State:
    """The tensors that a graph reads and writes, for a batch of a fixed size."""

    def __init__(self, images, goals):
        self.images, self.goals = images.clone(memory_format=torch.preserve_format), goals.clone()
        self.outcomes, self.changes = torch.zeros_like(goals), torch.zeros_like(goals)

    def load(self, images, goals, changes):
        count = len(images)
        self.images[:count] = images
        self.goals[:count] = goals
        self.changes[:count] = changes
        # The remaining rows belong to no attack.
        self.outcomes[:count] = ACTIVE
        self.outcomes[count:] = FOOLED

    def advance(self, model):
        """One step. An attack that has ended keeps its image."""
        logits, gradient = target_gradient(model, self.images, self.goals)
        pairs, admissible = best_pairs(gradient, self.images)
        active = self.outcomes == ACTIVE
        reached = logits.argmax(1) == self.goals
        moves = active & admissible & ~reached
        self.outcomes.masked_fill_(active & reached, FOOLED).masked_fill_(active & ~reached & ~admissible, NO_PAIR)
        changed = self.images.flatten(1).scatter(1, pairs, 1.0).view(self.images.shape)
        self.images.copy_(torch.where(moves.view(-1, 1, 1, 1), changed, self.images))
        self.changes.add_(moves)


class Graphs:
    """JSMA-F whose steps are recorded once for each size of the batch, and then replayed."""

    def __init__(self, model, images, goals):
        self.model = model
        self.replays = {}
        pool = None
        for size in [len(images), *(size for size in SIZES if size < len(images))]:
            state = State(images[:size], goals[:size])
            if images.is_cuda:
                graph, pool = self.record(state, pool)
                self.replays[size] = (state, graph.replay)
            else:
                self.replays[size] = (state, lambda state=state: self.advance(state))

    def advance(self, state):
        for _ in range(STEPS):
            state.advance(self.model)

    def record(self, state, pool):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.advance(state)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Graphs run one after another, so that they can share their memory.
        with torch.cuda.graph(graph, pool=pool):
            self.advance(state)
        return graph, pool or graph.pool()

    def run(self, images, goals):
        images, active = images.clone(), torch.arange(len(images), device=images.device)
        outcomes, changes = torch.zeros_like(active), torch.zeros_like(active)
        for _ in range(BUDGET // 2 // STEPS):
            count = len(active)
            state, replay = self.replays[min(size for size in self.replays if size >= count)]
            state.load(images[active], goals[active], changes[active])
            replay()
            images[active] = state.images[:count]
            outcomes[active] = state.outcomes[:count]
            changes[active] = state.changes[:count]
            active = active[state.outcomes[:count] == ACTIVE]
            if len(active) == 0:
                break
        if len(active) > 0:
            with torch.no_grad():
                reached = self.model(images[active]).argmax(1) == goals[active]
            outcomes[active] = torch.full_like(active, BUDGET_SPENT).masked_fill(reached, FOOLED)
        return images, outcomes.masked_fill((outcomes == FOOLED) & (changes == 0), ALREADY_TARGET), changes


def synchronize(device):
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def eager(model, images, goals):
    return lambda images, goals: jsma(model, images, goals)


def graphs(model, images, goals):
    torch.backends.cudnn.benchmark = True
    return Graphs(model, images, goals).run


def graphs_nhwc(model, images, goals):
    torch.backends.cudnn.benchmark = True
    model = model.to(memory_format=torch.channels_last)
    return Graphs(model, images.contiguous(memory_format=torch.channels_last), goals).run


def main():
    dataset, count, repeats, device = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    images, goals = attempts(dataset, count)
    for name, prepare in [("eager", eager), ("graphs", graphs), ("graphs-nhwc", graphs_nhwc)]:
        try:
            model = network(dataset).to(device)
            started = time.perf_counter()
            run = prepare(model, images.to(device), goals.to(device))

            def work():
                """From images in the processor's memory to results there."""
                synchronize(device)
                started = time.perf_counter()
                found = [tensor.cpu() for tensor in run(images.to(device), goals.to(device))]
                return time.perf_counter() - started, found

            work()
            warm_up = time.perf_counter() - started
            timed = [work() for _ in range(repeats)]
            found = timed[-1][1]
            records = [
                {
                    "target": target, "outcome": OUTCOMES[outcome], "changes": changes,
                    "last_image": hashlib.sha256(image.contiguous().numpy().tobytes()).hexdigest()[:16],
                }
                for image, target, outcome, changes in zip(found[0], goals.tolist(), found[1].tolist(), found[2].tolist())
            ]
            reproducible = all(torch.equal(a, b) for _, other in timed for a, b in zip(other, found))
            line = {"by": f"pytorch-{name}", "attacks": count, "batch": count, "warm_up": warm_up, "seconds": [seconds for seconds, _ in timed], "reproducible": reproducible, "records": records}
        except Exception as error:  # Each variant is reported by itself.
            line = {"by": f"pytorch-{name}", "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
