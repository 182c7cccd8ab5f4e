"""Attacks that change a feature or two at a time by θ = 1: the three JSMAs, not-robust, random-pairs.

The rules, in words, are in tests/reference/mod.rs and at the head of each file of src/attack. All
attacks go on together, in float32 as PyTorch computes it; pairs are chosen in float64.
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

    Gives one dictionary an attack: image (its place in `images`), target, outcome; and the images as
    the attacks left them.
    """
    runs, original = attempts(images, labels)
    state = original.clone()
    targets = torch.tensor([run["target"] for run in runs])
    going = list(range(len(runs)))
    for iteration in range(most_changes(options) + 1):
        for start in range(0, len(going), BATCH):
            batch = going[start : start + BATCH]
            choices = choose(
                network, state[batch], original[batch], targets[batch], iteration, options)
            for k, (features, sign, outcome) in zip(batch, choices):
                runs[k]["outcome"] = outcome
                if features:
                    state[k].view(-1)[list(features)] = 1.0 if sign > 0 else 0.0
        going = [k for k in going if runs[k]["outcome"] is None]
        progress(f"{len(going)} of {len(runs)} attacks go on after {iteration + 1} changes")
    return runs, state


def attempts(images, labels):
    """A run for each image and each class that is not its own, and the image of each run."""
    runs = [
        {"image": i, "target": target, "outcome": None}
        for i, label in enumerate(labels.tolist())
        for target in range(CLASSES)
        if target != label
    ]
    return runs, images[[run["image"] for run in runs]]


def width(options):
    """Features of a change."""
    return 1 if options.attack == "not-robust" else 2


def most_changes(options):
    return options.budget // width(options)


def choose(network, images, originals, targets, iteration, options):
    """For each image the features to change and which way, or the outcome of its run."""
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
    """Features that can still move: not at the bound, nor brought to one by the attack."""
    return np.flatnonzero((now != (1.0 if sign > 0 else 0.0)) & (now == then))


def gradients(network, images, targets, attack, temperature=1.0):
    """∂F_t/∂x and Σ_{j≠t} ∂F_j/∂x, each [n, features]: of a softmax the second is −1 times the first."""
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
    return network(x) if attack == "jsma-z" else (network(x) / temperature).softmax(1)


def two_largest(a, _, free):
    """The best pair where β = −α: the two largest entries, the first of equals, if their sum is
    above 0."""
    pair = sorted(free[np.argsort(-a[free], kind="stable")[:2]].tolist())
    return (tuple(pair) if len(pair) == 2 and a[pair].sum() > 0 else None), None


def steepest(a, moves):
    """The feature and way of the largest α − β = 2α; of equals the first feature, and up before down."""
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
    """The pair p < q with the largest −αβ of those with α > 0 > β, and its score; the first of
    equals; None if none is admissible.

    In float64 the score of float32 gradients cannot underflow; in the float32 of other projects it
    can, and is then 0.
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
    """Features that the best pair can be made of: a pair only gains if one of it gives way to a
    feature with no smaller a and no larger b, so those with two such before them are left out."""
    order = free[np.lexsort((free, b[free], -a[free]))]
    least, second, kept = np.inf, np.inf, []
    for feature in order.tolist():
        value = b[feature]
        if value >= second:
            continue
        kept.append(feature)
        least, second = (value, least) if value < least else (least, value)
    return np.array(sorted(kept), dtype=int)


# The draw of random-pairs: see src/attack/random_pairs.rs.

WORD = 2**64 - 1


def random_pair(seed, original, target, iteration, free):
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
    key = mix(seed)
    for word in [*np.frombuffer(pixels, np.uint32).tolist(), target]:
        key = mix(key ^ word)
    return key


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)
