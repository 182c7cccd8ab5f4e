"""Carlini and Wagner's attacks on the length and on the number of features, all attacks at once.

With the numbers that src/attack/cw_l2.rs and src/attack/cw_l0.rs have by default; κ is 0.
"""

import numpy as np
import torch
from torch.nn import functional

from jsma import attempts
from published import CLASSES

BATCH = 256


def gap(logits, own):
    """max_{j≠t} z_j − z_t."""
    return logits.masked_fill(own, -float("inf")).max(1).values - logits[own]


def inside(images):
    """w with ½(tanh w + 1) the image, held off the bounds, in float64."""
    return torch.atanh(0.999999 * (2 * images.double() - 1))


def attack_l2(network, images, labels, options, progress, iterations=200, searches=5, rate=0.1):
    """Adam on ‖δ‖² + c · max(max_{j≠t} z_j − z_t, 0), as PyTorch has it and in float32."""
    runs, state = attempts(images, labels)
    for start in range(0, len(runs), BATCH):
        batch = runs[start : start + BATCH]
        original = state[start : start + BATCH].clone()
        target = torch.tensor([run["target"] for run in batch])
        own = functional.one_hot(target, CLASSES).bool()
        already = network(original).argmax(1) == target
        n = len(batch)
        c, low, high = torch.ones(n), torch.zeros(n), torch.full((n,), float("inf"))
        best = torch.full((n,), float("inf"))
        for search in range(searches):
            w = inside(original).float().requires_grad_()
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
                (squares + c * gap(z, own).clamp(min=0)).sum().backward()
                adam.step()
            progress(f"{start + n} of {len(runs)} attacks, search {search + 1}")
            high, low = torch.where(found, c, high), torch.where(found, low, c)
            c = torch.where(high.isinf(), 10 * c, (low + high) / 2)
        for k, run in enumerate(batch):
            hit = bool(best[k] < float("inf"))
            run["outcome"] = "already-target" if already[k] else "fooled" if hit else "budget-spent"
    return runs, state


def attack_l0(network, images, labels, options, progress, iterations=200, limit=3000, rate=0.1):
    """Rounds of the same descent over fewer and fewer features, until none finds anything."""
    runs, state = attempts(images, labels)
    for start in range(0, len(runs), BATCH):
        batch = [Rounds(run, state[start + k]) for k, run in enumerate(runs[start : start + BATCH])]
        for step in range(limit):
            going = [run for run in batch if not run.is_over]
            if not going:
                break
            x = torch.stack([run.image for run in going]).requires_grad_()
            targets = torch.tensor([run.target for run in going])
            logits = network(x)
            behind = gap(logits, functional.one_hot(targets, CLASSES).bool())
            slopes = torch.autograd.grad(behind.sum(), x)[0].flatten(1).double()
            for run, hit, slope in zip(going, (logits.argmax(1) == targets).tolist(), slopes):
                run.go_on(hit, slope, step + 1 == limit, iterations, rate)
            progress(f"{len(going)} of {len(batch)} attacks go on after {step + 1} steps")
        for k, rounds in enumerate(batch):
            found = rounds.best is not None
            rounds.run["outcome"] = rounds.outcome or ("fooled" if found else "budget-spent")
            if found:
                state[start + k] = rounds.best
    return runs, state


class Rounds:
    """One run of L0: Adam on ‖δ‖² + c · f over the features that are left, in float64."""

    def __init__(self, run, original):
        self.run, self.target, self.original = run, run["target"], original.clone()
        self.flat = self.original.flatten().double()
        self.free = torch.ones_like(self.flat, dtype=bool)
        self.start = inside(self.original).flatten()
        self.c, self.largest_c = 1.0, 64.0
        self.image, self.best, self.outcome, self.is_over = self.original, None, None, False
        self.begins = True
        self.restart()

    def restart(self):
        self.w, self.taken = self.start, 0
        self.adam = (torch.zeros_like(self.w), torch.zeros_like(self.w))

    def go_on(self, hit, slope, is_last, iterations, rate):
        """One step from the slope of f at the image. `hit` is whether the network reads the target."""
        if self.begins and (hit or not slope.any()):
            self.outcome = "already-target" if hit else "gradient-vanished"
            self.is_over = True
            return
        self.begins = False
        if hit:
            self.best = self.image
            self.is_over = not self.put_back(slope)
        elif self.taken < iterations:
            self.descend(slope, rate)
        else:
            self.c *= 2
            self.restart()
            self.is_over = self.c > self.largest_c
        self.is_over |= is_last
        pixels = torch.where(self.free, (torch.tanh(self.w) + 1) / 2, self.flat)
        self.image = pixels.float().view_as(self.original)

    def descend(self, slope, rate):
        tanh = torch.tanh(self.w)
        total = (2 * ((tanh + 1) / 2 - self.flat) + self.c * slope) * (1 - tanh**2) / 2
        self.taken += 1
        mean, square = self.adam
        mean, square = 0.9 * mean + 0.1 * total, 0.999 * square + 0.001 * total**2
        self.adam = (mean, square)
        settled = (mean / (1 - 0.9**self.taken), square / (1 - 0.999**self.taken))
        self.w = self.w - rate * settled[0] / (settled[1].sqrt() + 1e-8)

    def put_back(self, slope):
        """Fixes the features that matter least, and says whether any is left."""
        moved = (self.image - self.original).flatten().abs()
        left = np.flatnonzero((self.free & (moved >= 1e-4)).numpy())
        matters = (slope.float().abs() * moved).numpy()
        order = left[np.argsort(matters[left], kind="stable")]
        least = min(max(int(0.3 * len(left) ** 0.5), 1), len(left))
        self.free = torch.zeros_like(self.free)
        self.free[order[least:]] = True
        self.start = self.w
        self.restart()
        return least < len(left)
