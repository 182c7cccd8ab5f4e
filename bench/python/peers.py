"""Times the 900 attacks with the JSMA of other libraries, and with a batched one, on native PyTorch.

    python -m venv venv && venv/bin/pip install -r bench/python/requirements.txt
    venv/bin/python bench/python/peers.py [ATTACKS]

Each is timed on the first ATTACKS of the 900 (torchattacks on a tenth of these), and the time is scaled to 900.
All use the published weights, the page's test images and all cores. Writes results/bench-python.json.
"""

import json
import os
import platform
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).parents[2]
BUDGET = 112
WHOLE = 900
# What the network of CIFAR-10 subtracts from each channel, and divides it by (src/dataset/mod.rs).
MEAN, STD = [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]
# How an attack can end. An attack without an admissible pair may still have a gradient, or none.
OUTCOMES = ["active", "already-target", "fooled", "budget-spent", "no-pair"]
ACTIVE, ALREADY_TARGET, FOOLED, BUDGET_SPENT, NO_PAIR = range(len(OUTCOMES))


class Normalize(nn.Module):
    """Subtracts each channel's mean and divides by its standard deviation, as the network of CIFAR-10 begins."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, x):
        return (x - self.mean) / self.std


def network(dataset):
    """The paper's undefended network, with the published half-precision weights as float32."""
    file = (ROOT / f"www/models/{dataset}-undefended.safetensors").read_bytes()
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header.pop("__metadata__", None)
    body = file[8 + length :]

    def tensor(about):
        numbers = np.frombuffer(body[slice(*about["data_offsets"])], np.float16)
        return torch.from_numpy(numbers.astype(np.float32).reshape(about["shape"]))

    weights = {name: tensor(about) for name, about in header.items()}

    def conv(name):
        out_channels, in_channels, height, width = weights[f"{name}.weight"].shape
        return nn.Conv2d(in_channels, out_channels, (height, width))

    def dense(name):
        outputs, inputs = weights[f"{name}.weight"].shape
        return nn.Linear(inputs, outputs)

    layers = {} if dataset == "mnist" else {"normalize": Normalize(MEAN, STD)}
    layers |= {
        "conv1": conv("conv1"), "relu1": nn.ReLU(), "conv2": conv("conv2"), "relu2": nn.ReLU(), "pool1": nn.MaxPool2d(2),
        "conv3": conv("conv3"), "relu3": nn.ReLU(), "conv4": conv("conv4"), "relu4": nn.ReLU(), "pool2": nn.MaxPool2d(2),
        "flat": nn.Flatten(), "fc1": dense("fc1"), "relu5": nn.ReLU(), "fc2": dense("fc2"), "relu6": nn.ReLU(), "fc3": dense("fc3"),
    }
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def read_images(dataset):
    """Reads the page's hundred test images, [100, channels, side, side], from an 8-bit PNG of ten by ten images."""
    png = (ROOT / f"www/samples/{dataset}.png").read_bytes()
    data, at = b"", 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind == b"IHDR":
            width, height = (int.from_bytes(png[at + 8 + 4 * i : at + 12 + 4 * i], "big") for i in range(2))
            channels = {0: 1, 2: 3}[png[at + 17]]
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    raw = zlib.decompress(data)
    length = width * channels
    # Each row and its left edge have zeros before them.
    above, rows = [0] * (length + channels), []
    for y in range(height):
        kind, *line = raw[y * (length + 1) : (y + 1) * (length + 1)]
        row = [0] * channels
        for i, value in enumerate(line):
            left, up, corner = row[i], above[i + channels], above[i]
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row.append((value + [0, left, up, (left + up) // 2, near][kind]) % 256)
        rows.append(row[channels:])
        above = row
    side = height // 10
    images = np.array(rows).reshape(10, side, 10, side, channels).transpose(0, 2, 4, 1, 3).reshape(100, channels, side, side)
    return torch.from_numpy((images / 255).astype(np.float32))


def attempts(dataset, count):
    """Images and targets of the first attacks, image by image; the images come from the classes in turn."""
    labels = [entry["label"] for entry in json.loads((ROOT / f"www/samples/{dataset}.json").read_text())]
    images = read_images(dataset)
    order = [place % 10 * 10 + place // 10 for place in range(100)]
    chosen = [(sample, target) for sample in order for target in range(10) if target != labels[sample]][:count]
    samples, targets = zip(*chosen)
    return images[list(samples)], torch.tensor(targets)


def best_pairs(gradient, images):
    """The pair of each image by the rule of src/attack/saliency.rs, and whether it is admissible.

    Since the gradients of all probabilities sum to zero, the best pair has the two largest entries of the target's
    gradient. Of equal entries, max returns the first.
    """
    score = gradient.flatten(1).masked_fill(images.flatten(1) >= 1, -torch.inf)
    first, p = score.max(1, keepdim=True)
    second, q = score.scatter(1, p, -torch.inf).max(1, keepdim=True)
    return torch.cat([p, q], 1), (first + second > 0).squeeze(1)


def target_gradient(model, images, targets):
    """The logits of a batch, and the gradient of each target's probability."""
    x = images.detach().requires_grad_(True)
    logits = model(x)
    (gradient,) = torch.autograd.grad(logits.softmax(1).gather(1, targets[:, None]).sum(), x)
    return logits.detach(), gradient


def jsma(model, images, targets):
    """JSMA-F on all images at once: each step takes one backward row, and attacks that have ended leave the batch.

    Returns the last images, how each attack ended (its place in OUTCOMES), and its number of changes.
    """
    images, active = images.clone(), torch.arange(len(images), device=images.device)
    outcomes, changes = torch.zeros_like(active), torch.zeros_like(active)
    for step in range(BUDGET // 2):
        now, goals = images[active], targets[active]
        logits, gradient = target_gradient(model, now, goals)
        pairs, admissible = best_pairs(gradient, now)
        reached = logits.argmax(1) == goals
        stays = admissible & ~reached
        ends = torch.full_like(goals, NO_PAIR).masked_fill(reached, FOOLED if step else ALREADY_TARGET)
        outcomes[active] = ends.masked_fill(stays, ACTIVE)
        # Reading how many stay is the only time that the processor waits for the device.
        active, now, pairs = active[stays], now[stays], pairs[stays]
        if len(active) == 0:
            return images, outcomes, changes
        images[active] = now.flatten(1).scatter(1, pairs, 1.0).view_as(now)
        changes[active] += 1
    with torch.no_grad():
        reached = model(images[active]).argmax(1) == targets[active]
    outcomes[active] = torch.full_like(active, BUDGET_SPENT).masked_fill(reached, FOOLED)
    return images, outcomes, changes


def batched(model, images, targets):
    return jsma(model, images, targets)[0]


def art(model, images, targets):
    from art.attacks.evasion import SaliencyMapMethod
    from art.estimators.classification import PyTorchClassifier

    soft = nn.Sequential(model, nn.Softmax(1))
    classifier = PyTorchClassifier(soft, nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0, 1), device_type="cpu")
    attack = SaliencyMapMethod(classifier, theta=1.0, gamma=BUDGET / 784, batch_size=100, verbose=False)
    return torch.from_numpy(attack.generate(images.numpy(), np.eye(10)[targets.numpy()]))


def torchattacks(model, images, targets):
    from torchattacks import JSMA

    attack = JSMA(model, theta=1.0, gamma=BUDGET / 784)
    attack.set_mode_targeted_by_label(quiet=True)
    return attack(images, targets)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 90
    model = network("mnist")
    torch.set_num_threads(os.cpu_count())
    peers = []
    for name, work, share in [("batched PyTorch", batched, 1), ("ART", art, 1), ("torchattacks", torchattacks, 10)]:
        try:
            images, targets = attempts("mnist", count // share)
            work(model, images[:1], targets[:1])
            started = time.perf_counter()
            found = work(model, images, targets)
            seconds = time.perf_counter() - started
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        with torch.no_grad():
            rate = (model(found).argmax(1) == targets).double().mean().item()
        peers.append({"by": name.lower().replace(" ", "-"), "name": name, "attacks": len(targets), "seconds": seconds, "seconds_for_900": seconds * WHOLE / len(targets), "rate": rate})
        print(peers[-1])
    note = f"PyTorch {torch.__version__}, Python {platform.python_version()}, {torch.get_num_threads()} threads, {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f}; scaled from the attacks made."
    (ROOT / "results/bench-python.json").write_text(json.dumps({"note": note, "peers": peers}, indent=1) + "\n")


if __name__ == "__main__":
    main()
