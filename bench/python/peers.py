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


def network():
    """The paper's network for MNIST, with the published half-precision weights as float32."""
    file = (ROOT / "www/models/mnist-undefended.safetensors").read_bytes()
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    header.pop("__metadata__", None)
    body = file[8 + length :]

    def tensor(about):
        numbers = np.frombuffer(body[slice(*about["data_offsets"])], np.float16)
        return torch.from_numpy(numbers.astype(np.float32).reshape(about["shape"]))

    layers = {
        "conv1": nn.Conv2d(1, 32, 3), "relu1": nn.ReLU(), "conv2": nn.Conv2d(32, 32, 3), "relu2": nn.ReLU(), "pool1": nn.MaxPool2d(2),
        "conv3": nn.Conv2d(32, 64, 3), "relu3": nn.ReLU(), "conv4": nn.Conv2d(64, 64, 3), "relu4": nn.ReLU(), "pool2": nn.MaxPool2d(2),
        "flat": nn.Flatten(), "fc1": nn.Linear(1024, 200), "relu5": nn.ReLU(), "fc2": nn.Linear(200, 200), "relu6": nn.ReLU(), "fc3": nn.Linear(200, 10),
    }
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    model.load_state_dict({name: tensor(about) for name, about in header.items()})
    return model.eval().requires_grad_(False)


def read_images():
    """Reads the page's hundred test images, [100, 1, 28, 28], from an 8-bit grey PNG of ten by ten images."""
    png = (ROOT / "www/samples/mnist.png").read_bytes()
    data, at = b"", 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind == b"IHDR":
            width, height = (int.from_bytes(png[at + 8 + 4 * i : at + 12 + 4 * i], "big") for i in range(2))
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    raw = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, width + 1)
    rows = np.zeros((height + 1, width + 1), np.int32)
    for y in range(height):
        for x in range(width):
            left, up, corner = rows[y + 1, x], rows[y, x + 1], rows[y, x]
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            rows[y + 1, x + 1] = (raw[y, x + 1] + [0, left, up, (left + up) // 2, near][raw[y, 0]]) % 256
    images = rows[1:, 1:].reshape(10, 28, 10, 28).transpose(0, 2, 1, 3).reshape(100, 1, 28, 28)
    return torch.from_numpy((images / 255).astype(np.float32))


def attempts(count):
    """Images and targets of the first attacks, image by image; the images come from the classes in turn."""
    labels = [entry["label"] for entry in json.loads((ROOT / "www/samples/mnist.json").read_text())]
    images = read_images()
    order = [place % 10 * 10 + place // 10 for place in range(100)]
    chosen = [(sample, target) for sample in order for target in range(10) if target != labels[sample]][:count]
    samples, targets = zip(*chosen)
    return images[list(samples)], torch.tensor(targets)


def batched(model, images, targets):
    """JSMA-F on all images at once: each step takes one backward row, and changes its two largest entries."""
    images, active = images.clone(), torch.arange(len(images))
    for step in range(BUDGET // 2 + 1):
        x = images[active].requires_grad_(True)
        logits = model(x)
        missed = logits.argmax(1) != targets[active]
        if not missed.any():
            break
        probabilities = logits.softmax(1).gather(1, targets[active, None])
        (gradient,) = torch.autograd.grad(probabilities.sum(), x)
        score = gradient.flatten(1).masked_fill(images[active].flatten(1) >= 1, -torch.inf)
        sums, pairs = score.topk(2)
        active, pairs = active[missed], pairs[missed]
        if step == BUDGET // 2:
            break
        changed = images[active].flatten(1)
        changed.scatter_(1, pairs, 1.0)
        images[active] = changed.reshape(-1, 1, 28, 28)
        active = active[sums[missed].sum(1) > 0]
    return images


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
    model = network()
    torch.set_num_threads(os.cpu_count())
    peers = []
    for name, work, share in [("batched PyTorch", batched, 1), ("ART", art, 1), ("torchattacks", torchattacks, 10)]:
        try:
            images, targets = attempts(count // share)
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
