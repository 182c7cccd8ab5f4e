"""Attacks that change one or two features at a time by θ = 1: the JSMAs, not-robust, random-pairs.

tests/reference/mod.rs and the head of each file of src/attack describe the rules. All attacks run
together in batches. The network is evaluated in PyTorch's float32; pairs are chosen in float64.
"""

from functools import cache

import numpy as np
import torch

from published import CLASSES

ATTACKS = ["jsma-f", "jsma-t", "jsma-z", "not-robust", "random-pairs"]
BATCH = 64
SIGNS = {"increase": (1,), "decrease": (-1,), "either": (1, -1)}


def attack(network, images, labels, options, progress):
    """Attacks each image towards the nine classes that are not its own.

    Returns one dictionary for each attack (image: its index in `images`; target; outcome), and each
    attack's final image.
    """
    runs, original = attempts(images, labels)
    state = original.clone()
    targets = torch.tensor([run["target"] for run in runs])
    active = list(range(len(runs)))
    for iteration in range(most_changes(options) + 1):
        for start in range(0, len(active), BATCH):
            batch = active[start : start + BATCH]
            choices = choose(
                network, state[batch], original[batch], targets[batch], iteration, options)
            for k, (features, sign, outcome) in zip(batch, choices):
                runs[k]["outcome"] = outcome
                if features:
                    state[k].view(-1)[list(features)] = 1.0 if sign > 0 else 0.0
        active = [k for k in active if runs[k]["outcome"] is None]
        progress(f"{len(active)} of {len(runs)} attacks are active after {iteration + 1} changes")
    return runs, state


def attempts(images, labels):
    """A run for each image and each class but its own, and each run's image."""
    runs = [
        {"image": i, "target": target, "outcome": None}
        for i, label in enumerate(labels.tolist())
        for target in range(CLASSES)
        if target != label
    ]
    return runs, images[[run["image"] for run in runs]]


def width(options):
    """How many features one iteration changes."""
    return 1 if options.attack == "not-robust" else 2


def most_changes(options):
    """How many iterations the budget allows."""
    return options.budget // width(options)


def choose(network, images, originals, targets, iteration, options):
    """For each image the features to change, the sign of the change, and the outcome if its run ends."""
    hits = network(images).argmax(1) == targets
    fooled = "fooled" if iteration else "already-target"
    if iteration == most_changes(options):
        return [(None, 0, fooled if hit else "budget-spent") for hit in hits]
    if options.attack != "random-pairs":
        a, b = gradients(network, images, targets, options.attack, options.temperature)
        a, b = a.double().numpy(), b.double().numpy()
    choices = []
    for k, hit in enumerate(hits):
        now, then = images[k].flatten().numpy(), originals[k].flatten().numpy()
        moves = [(sign, domain(now, then, sign)) for sign in SIGNS[options.direction]]
        if hit:
            choices.append((None, 0, fooled))
            continue
        if options.attack == "random-pairs":
            sign, free = moves[0]
            features = random_pair(options.attack_seed, then, int(targets[k]), iteration, free)
        elif any(len(free) >= width(options) for _, free in moves) and not any(
            a[k][free].any() or b[k][free].any() for _, free in moves
        ):
            choices.append((None, 0, "gradient-vanished"))
            continue
        elif options.attack == "not-robust":
            features, sign = steepest(a[k], moves)
        else:
            sign, free = moves[0]
            rule = best_pair if options.attack == "jsma-z" else two_largest
            features = rule(sign * a[k], sign * b[k], free)[0]
        choices.append((features, sign, None if features else "no-admissible-pair"))
    return choices


def domain(now, then, sign):
    """The features that may be changed: those not yet changed and not at the bound of the direction."""
    return np.flatnonzero((now != (1.0 if sign > 0 else 0.0)) & (now == then))


def gradients(network, images, targets, attack, temperature=1.0):
    """∂F_t/∂x and Σ_{j≠t} ∂F_j/∂x, each [n, features]. For a softmax the second is −1 times the first."""
    x = images.clone().requires_grad_()
    outputs = outputs_of(network, x, attack, temperature)
    chosen = outputs.gather(1, targets[:, None])
    if attack != "jsma-z":
        a = torch.autograd.grad(chosen.sum(), x)[0].flatten(1)
        return a, -a
    a = torch.autograd.grad(chosen.sum(), x, retain_graph=True)[0].flatten(1)
    b = torch.autograd.grad((outputs.sum(1, keepdim=True) - chosen).sum(), x)[0].flatten(1)
    return a, b


def outputs_of(network, x, attack, temperature=1.0):
    """The outputs that the attack differentiates: the logits, or the softmax at a temperature."""
    return network(x) if attack == "jsma-z" else (network(x) / temperature).softmax(1)


def two_largest(a, _, free):
    """The best pair if β = −α: the two largest entries, if their sum is above 0.

    Of equal entries the first is taken.
    """
    pair = sorted(free[np.argsort(-a[free], kind="stable")[:2]].tolist())
    return (tuple(pair) if len(pair) == 2 and a[pair].sum() > 0 else None), None


def steepest(a, moves):
    """The feature and sign with the largest α − β = 2α. Of equals: the first feature, + before −."""
    best = (0.0, None, 0)
    for sign, free in moves:
        if len(free) == 0:
            continue
        feature = int(free[(sign * a[free]).argmax()])
        score = sign * a[feature]
        if score > best[0] or (score == best[0] > 0 and feature < best[1]):
            best = (score, feature, sign)
    return ((best[1],) if best[1] is not None else None), best[2]


def best_pair(a, b, free):
    """The admissible pair p < q (α > 0 > β) with the largest score −αβ, and the score.

    Of equal pairs the first is taken; None if no pair is admissible. In float64 the score of float32
    gradients cannot underflow. In float32, which other projects use, it can, and is then 0.
    """
    free = promising(a, b, free)
    alpha = a[free][:, None] + a[free]
    beta = b[free][:, None] + b[free]
    score = np.where(np.triu((alpha > 0) & (beta < 0), 1), -alpha * beta, -1)
    if score.size == 0 or score.max() < 0:
        return None, 0.0
    p, q = divmod(int(score.argmax()), len(free))
    return (int(free[p]), int(free[q])), float(score[p, q])


def promising(a, b, free):
    """The features that the best pair can consist of.

    Replacing a feature of a pair by one with no smaller a and no larger b never lowers the pair's
    score. So a feature for which two such others come first is left out.
    """
    order = free[np.lexsort((free, b[free], -a[free]))]
    least, second, kept = np.inf, np.inf, []
    for feature in order.tolist():
        value = b[feature]
        if value >= second:
            continue
        kept.append(feature)
        least, second = (value, least) if value < least else (least, value)
    return np.array(sorted(kept), dtype=int)


# The random draw of random-pairs, as in src/attack/random_pairs.rs.

WORD = 2**64 - 1


def random_pair(seed, original, target, iteration, free):
    """Two of the free features, drawn by a key and the iteration; None if fewer than two are free."""
    if len(free) < 2:
        return None
    key = key_of(seed, original.astype(np.float32).tobytes(), target)
    left, pair = free.tolist(), []
    for draw in (2 * iteration, 2 * iteration + 1):
        random = mix((key + (draw + 1) * 0x9E3779B97F4A7C15) & WORD)
        pair.append(left.pop((random * len(left)) >> 64))
    return tuple(sorted(pair))


@cache
def key_of(seed, pixels, target):
    """The key of an attack: a hash of the seed, the original image and the target."""
    key = mix(seed)
    for word in [*np.frombuffer(pixels, np.uint32).tolist(), target]:
        key = mix(key ^ word)
    return key


def mix(z):
    """The finaliser of SplitMix64."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)
