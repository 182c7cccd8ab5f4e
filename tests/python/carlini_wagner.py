"""Carlini and Wagner's L2 and L0 attacks, in batches of runs.

The settings are the defaults of src/attack/cw/l2.rs and src/attack/cw/l0.rs, with confidence κ = 0.
"""

import numpy as np
import torch
from torch.nn import functional

from jsma import attempts
from published import CLASSES

BATCH = 256


def margin(logits, is_target):
    """max_{j≠t} z_j − z_t for each image; negative if the network reads the target t."""
    return logits.masked_fill(is_target, -float("inf")).max(1).values - logits[is_target]


def to_w(images):
    """w with ½(tanh w + 1) = image, in float64; pixels at 0 and 1 are moved inwards a little."""
    return torch.atanh(0.999999 * (2 * images.double() - 1))


def unit_of_c(margins, gradients):
    """The unit of c for each image: 2d / ‖g‖ at the original, with d = f / ‖g‖, at least 1/255.

    `margins` is f at the originals, and `gradients` is g, one row for each.
    """
    length = gradients.double().norm(dim=1)
    return 2 * (margins.double() / length).clamp(min=1 / 255) / length


def attack_l2(network, images, labels, options, progress,
              iterations=200, binary_search_steps=5, rate=0.1):
    """Minimises ‖δ‖² + c · max(max_{j≠t} z_j − z_t, 0) with PyTorch's Adam in float32.

    Returns what `jsma.attack` does.
    """
    runs, state = attempts(images, labels)
    for start in range(0, len(runs), BATCH):
        batch = runs[start : start + BATCH]
        original = state[start : start + BATCH].clone()
        target = torch.tensor([run["target"] for run in batch])
        is_target = functional.one_hot(target, CLASSES).bool()
        already = network(original).argmax(1) == target
        n = len(batch)
        x = original.clone().requires_grad_()
        margins = margin(network(x), is_target)
        gradients = torch.autograd.grad(margins.sum(), x)[0].flatten(1)
        c = unit_of_c(margins.detach(), gradients).float()
        low, high = torch.zeros(n), torch.full((n,), float("inf"))
        best = torch.full((n,), float("inf"))
        for search in range(binary_search_steps):
            w = to_w(original).float().requires_grad_()
            adam, found = torch.optim.Adam([w], lr=rate), torch.zeros(n, dtype=bool)
            for _ in range(iterations + 1):
                x = (torch.tanh(w) + 1) / 2
                z, squares = network(x), ((x - original) ** 2).flatten(1).sum(1)
                hit = z.argmax(1) == target
                found |= hit
                shorter = hit & (squares < best)
                best = torch.where(shorter, squares.detach(), best)
                state[start : start + BATCH][shorter] = x.detach()[shorter]
                adam.zero_grad()
                (squares + c * margin(z, is_target).clamp(min=0)).sum().backward()
                adam.step()
            progress(f"{start + n} of {len(runs)} attacks, search {search + 1}")
            high, low = torch.where(found, c, high), torch.where(found, low, c)
            c = torch.where(high.isinf(), 10 * c, (low + high) / 2)
        for k, run in enumerate(batch):
            hit = bool(best[k] < float("inf"))
            run["outcome"] = "already-target" if already[k] else "fooled" if hit else "budget-spent"
    return runs, state


def attack_l0(network, images, labels, options, progress, iterations=200, limit=3000, rate=0.1):
    """Repeats the descent over fewer and fewer features, until it no longer succeeds.

    Returns what `jsma.attack` does.
    """
    runs, state = attempts(images, labels)
    for start in range(0, len(runs), BATCH):
        batch = [L0Run(run, state[start + k]) for k, run in enumerate(runs[start : start + BATCH])]
        for step in range(limit):
            active = [run for run in batch if not run.is_over]
            if not active:
                break
            x = torch.stack([run.image for run in active]).requires_grad_()
            targets = torch.tensor([run.target for run in active])
            logits = network(x)
            margins = margin(logits, functional.one_hot(targets, CLASSES).bool())
            gradients = torch.autograd.grad(margins.sum(), x)[0].flatten(1).double()
            if step == 0:
                units = unit_of_c(margins.detach(), gradients).tolist()
                for run, unit in zip(active, units):
                    run.unit = unit
            for run, hit, gradient in zip(active, (logits.argmax(1) == targets).tolist(), gradients):
                run.step(hit, gradient, step + 1 == limit, iterations, rate)
            progress(f"{len(active)} of {len(batch)} attacks are active after {step + 1} steps")
        for k, l0_run in enumerate(batch):
            found = l0_run.best is not None
            l0_run.run["outcome"] = l0_run.outcome or ("fooled" if found else "budget-spent")
            if found:
                state[start + k] = l0_run.best
    return runs, state


class L0Run:
    """One run of L0: Adam on ‖δ‖² + c · f over the free features, in float64, with f the margin."""

    def __init__(self, run, original):
        self.run, self.target, self.original = run, run["target"], original.clone()
        self.flat = self.original.flatten().double()
        self.free = torch.ones_like(self.flat, dtype=bool)
        self.start = to_w(self.original).flatten()
        self.c, self.largest_c, self.unit = 1.0, 64.0, None
        self.image, self.best, self.outcome, self.is_over = self.original, None, None, False
        self.is_first_step = True
        self.restart()

    def restart(self):
        """Starts Adam again from `self.start`."""
        self.w, self.taken = self.start, 0
        self.adam = (torch.zeros_like(self.w), torch.zeros_like(self.w))

    def step(self, hit, gradient, is_last, iterations, rate):
        """Takes one step.

        `gradient` is that of f at the current image; `hit` says whether the network classifies the
        image as the target.
        """
        if self.is_first_step and (hit or not gradient.any()):
            self.outcome = "already-target" if hit else "gradient-vanished"
            self.is_over = True
            return
        self.is_first_step = False
        if hit:
            self.best = self.image
            self.is_over = not self.fix_features(gradient)
        elif self.taken < iterations:
            self.descend(gradient, rate)
        else:
            self.c *= 2
            self.restart()
            self.is_over = self.c > self.largest_c
        self.is_over |= is_last
        pixels = torch.where(self.free, (torch.tanh(self.w) + 1) / 2, self.flat)
        self.image = pixels.float().view_as(self.original)

    def descend(self, gradient, rate):
        """One iteration of Adam."""
        tanh = torch.tanh(self.w)
        c = self.c * self.unit
        total = (2 * ((tanh + 1) / 2 - self.flat) + c * gradient) * (1 - tanh**2) / 2
        self.taken += 1
        mean, square = self.adam
        mean, square = 0.9 * mean + 0.1 * total, 0.999 * square + 0.001 * total**2
        self.adam = (mean, square)
        corrected = (mean / (1 - 0.9**self.taken), square / (1 - 0.999**self.taken))
        self.w = self.w - rate * corrected[0] / (corrected[1].sqrt() + 1e-8)

    def fix_features(self, gradient):
        """Fixes the features with the least |gradient| · change at their original value.

        Returns whether any feature is still free.
        """
        moved = (self.image - self.original).flatten().abs()
        left = np.flatnonzero((self.free & (moved >= 1e-4)).numpy())
        importance = (gradient.float().abs() * moved).numpy()
        order = left[np.argsort(importance[left], kind="stable")]
        least = min(max(int(0.3 * len(left) ** 0.5), 1), len(left))
        self.free = torch.zeros_like(self.free)
        self.free[order[least:]] = True
        self.start = self.w
        self.restart()
        return least < len(left)
