#!/usr/bin/env python3
"""The published networks and attacks, checked from outside: PyTorch in place of burn.

What it does, for each network of www/models/manifest.json on one data set:
1. reads the file with `safetensors`, checks its length and SHA-256, and measures the test accuracy;
2. attacks test images towards all nine other classes (FGSM: away from their own) with an attack
   written here, in float32 as PyTorch computes it, and counts the outcomes;
3. for jsma-f and jsma-z, runs the JSMA of other projects on the same weights and images and
   compares every step;
4. with `--results`, compares the counts with the rows of this project's results on those images,
   and with `--save` adds both to a file of rows (results/checks.json), which `distill report` shows.

How to run it (a developer's check; `npm test` neither needs nor runs it):
    python3 -m venv /tmp/check && /tmp/check/bin/pip install torch numpy safetensors
    /tmp/check/bin/python tests/python/check_published.py --images 20
For part 3, any of these; without the packages that they declare, which pin old versions:
    /tmp/check/bin/pip install --no-deps torchattacks advertorch adversarial-robustness-toolbox
    /tmp/check/bin/pip install scipy tqdm requests six packaging scikit-learn torchvision
and pillow, for CIFAR-10's sheets. Written against torch 1.13, torchattacks 3.5.1, advertorch 0.2.3 and adversarial-robustness-toolbox
1.20.1. On one core, 100 images take half a minute a network, and each attack by another project one
or two seconds more.

A JSON report goes to standard output, progress to standard error. The exit status is 1 if a file
is not what the manifest says, if its accuracy is not, or if a step of another project can be
explained neither by this project's rules nor by the differences listed at `LIBRARIES`.

The images are a random draw of the test set (`--images`, `--seed`) or those of a JSON array of
indices (`--indices`), so that another engine's figures can be compared attack by attack.
"""

import argparse
import gzip
import hashlib
import json
import sys
import warnings
from collections import Counter
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as load_safetensors
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[2]
CLASSES = 10
FEATURES = 784
BATCH = 64


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    images, labels = read_test_set(options)
    chosen = options.chosen = choose_images(options, len(images))
    manifest = json.loads((options.models / "manifest.json").read_text())
    problems = []
    report = {
        "attack": options.attack,
        "direction": "increase",
        "theta": 1.0,
        "budget": options.budget,
        "images": chosen,
        "versions": {
            name: version(name)
            for name in ["torch", "numpy", *(PACKAGES[library] for library in options.libraries)]
        },
        "models": [],
    }
    for entry in manifest:
        if entry["dataset"] != options.dataset or (options.only and entry["id"] not in options.only):
            continue
        try:
            network = load_network(options.models / entry["file"], entry)
        except ValueError as error:
            problems.append(f"{entry['id']}: {error}")
            continue
        correct = count_correct(network, images, labels)
        row = {"id": entry["id"], "accuracy": correct / len(images)}
        if abs(correct - entry["test_accuracy"] * len(images)) > 2.5:
            problems.append(f"{entry['id']}: accuracy {row['accuracy']}, the manifest says "
                            f"{entry['test_accuracy']}")
        note(f"{entry['id']}\n")
        options.temperature = attack_temperature(options, entry)
        attack = {"fgsm": fgsm_all, "cw-l2": cw_l2_all}.get(options.attack, attack_all)
        runs = attack(network, images[chosen], labels[chosen], options)
        row["attack"] = summarise(runs, options)
        row["results"] = beside(entry, chosen, options)
        row["libraries"] = [
            compare(name, network, images[chosen], runs, options)
            for name in options.libraries
        ]
        for library in row["libraries"]:
            if library.get("steps", {}).get("unexplained"):
                problems.append(f"{entry['id']}: {library['name']} takes unexplained steps")
        report["models"].append(row)
        if options.save:
            save(options.save, entry, row, options)
    report["problems"] = problems
    json.dump(report, sys.stdout, indent=2)
    print()
    return 1 if problems else 0


def parse_options():
    parser = argparse.ArgumentParser(
        description="Check the published networks and attacks with PyTorch.")
    parser.add_argument("--dataset", choices=SHAPES, default="mnist")
    parser.add_argument("--models", type=Path, default=ROOT / "www/models",
                        help="folder of manifest.json (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=ROOT / "data",
                        help="folder that `npm run data` fills (default: %(default)s)")
    parser.add_argument("--only", nargs="*", metavar="ID", help="check these models alone")
    parser.add_argument("--attack", choices=ATTACKS, default="jsma-f")
    parser.add_argument("--attack-temperature", type=float,
                        help="of jsma-t, not-robust and fgsm (default: that of the training)")
    parser.add_argument("--epsilon", type=float, default=0.3, help="of fgsm, default %(default)s")
    parser.add_argument("--results", type=Path,
                        help="folder of this project's results, to compare counts with")
    parser.add_argument("--save", type=Path, help="file of rows to add the counts to")
    parser.add_argument("--budget", type=int, default=112, help="features, default %(default)s")
    parser.add_argument("--images", type=int, default=100, help="how many, default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the draw of images")
    parser.add_argument("--indices", type=Path, help="JSON array of test-set indices to attack")
    parser.add_argument("--libraries", nargs="*", choices=list(LIBRARIES), default=list(LIBRARIES),
                        help="other projects to compare with; nothing after it means none")
    parser.add_argument("--library-attacks", type=int, default=30,
                        help="how many of the attacks each of them repeats (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.attack not in ("jsma-f", "jsma-z") or options.dataset != "mnist":
        options.libraries = []
    return options


def attack_temperature(options, entry):
    """T of the softmax that is differentiated. jsma-f has T = 1, and jsma-z no softmax."""
    if options.attack in ("jsma-f", "jsma-z", "cw-l2"):
        return 1.0
    return options.attack_temperature or entry["temperature"]


def beside(entry, chosen, options):
    """What this project's results say of the same attack on the same file and images."""
    if not options.results:
        return None
    file = "fgsm.json" if options.attack == "fgsm" else "success.json"
    for row in json.loads((options.results / file).read_text()):
        if (row["model"], row["model_sha256"], row.get("scale", 1)) == (
            entry["id"], entry["sha256"], 1
        ) and (
            row["attack"] == options.attack
            and drawn(row, options.results) == chosen
            and row.get("direction", "increase") == "increase"
            and row.get("budget", options.budget) == options.budget
            and abs(row.get("attack_temperature", 1) - options.temperature) < 1e-6
            and abs(row.get("epsilon", options.epsilon) - options.epsilon) < 1e-6
        ):
            return {**row["outcomes"], "already_target": row.get("already_target", row.get("misread"))}
    return None


def save(file, entry, row, options):
    """Puts a row into a file of rows, in the place of the one that checked the same before."""
    rows = json.loads(file.read_text()) if file.exists() else []
    about = {
        "dataset": entry["dataset"],
        "model": entry["id"],
        "model_sha256": entry["sha256"],
        "attack": row["attack"]["name"],
        "attack_temperature": options.temperature,
        **({"epsilon": options.epsilon} if options.attack == "fgsm" else {}),
    }
    names = ["fooled", "budget-spent", "no-admissible-pair", "gradient-vanished", "already-target"]
    counts = {name.replace("-", "_"): row["attack"]["outcomes"].get(name, 0) for name in names}
    made = {
        **about,
        "images": len(options.chosen),
        "accuracy": row["accuracy"],
        "torch": torch.__version__,
        "outcomes": counts,
        "outcomes_here": row["results"],
    }
    kept = [other for other in rows if any(other.get(of) != about[of] for of in about)]
    kept.append(made)
    kept.sort(key=lambda of: [str(of.get(field, "")) for field in ("dataset", "attack", "model", "attack_temperature")])
    lines = ",\n".join(json.dumps(of, separators=(",", ":")) for of in kept)
    file.write_text(f"[\n{lines}\n]\n")


def drawn(row, results):
    """The test images of a row: its own list, or what its seed draws, which drawn.json has."""
    if "drawn" in row:
        return row["drawn"]
    draws = json.loads((results / "drawn.json").read_text())
    same = ("dataset", "seed", "images")
    return next((d["drawn"] for d in draws if all(d[of] == row[of] for of in same)), None)


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


# The data and the network.


def read_test_set(options):
    """10,000 images as float32 [n, channels, height, width] in [0, 1], and their labels."""
    folder = options.data / options.dataset
    if options.dataset == "cifar10":
        from PIL import Image

        # A picture of 10,000 rows, each an image of 1,024 coloured pixels.
        Image.MAX_IMAGE_PIXELS = None
        sheet = np.asarray(Image.open(folder / "test_batch.png").convert("RGB"))
        images = torch.tensor(sheet.reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2)
        labels = json.loads((folder / "test_lables.json").read_text())
        return images.float().contiguous() / 255, torch.tensor(labels)
    images = read_idx(folder / "t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    labels = read_idx(folder / "t10k-labels-idx1-ubyte", 8)
    return torch.tensor(images).float() / 255, torch.tensor(labels).long()


def read_idx(path, header):
    zipped = path.with_name(path.name + ".gz")
    content = path.read_bytes() if path.exists() else gzip.decompress(zipped.read_bytes())
    return np.frombuffer(content, dtype=np.uint8)[header:].copy()


def choose_images(options, available):
    if options.indices:
        return json.loads(options.indices.read_text())
    draw = np.random.RandomState(options.seed).permutation(available)
    return sorted(int(i) for i in draw[: options.images])


# Channels, maps of the two halves, inputs and width of the dense layers; and what pixels are
# standardised by, channel by channel.
SHAPES = {
    "mnist": (1, 32, 64, 1024, 200, [0.0], [1.0]),
    "cifar10": (3, 64, 128, 3200, 256, [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
}


class Network(nn.Module):
    """A network of Papernot et al. 2015, Table I: pixels in [0, 1] in, logits out."""

    def __init__(self, dataset):
        super().__init__()
        channels, first, second, flat, dense, mean, deviation = SHAPES[dataset]
        self.conv1 = nn.Conv2d(channels, first, 3)
        self.conv2 = nn.Conv2d(first, first, 3)
        self.conv3 = nn.Conv2d(first, second, 3)
        self.conv4 = nn.Conv2d(second, second, 3)
        self.fc1 = nn.Linear(flat, dense)
        self.fc2 = nn.Linear(dense, dense)
        self.fc3 = nn.Linear(dense, CLASSES)
        self.mean, self.deviation = (torch.tensor(of).view(-1, 1, 1) for of in (mean, deviation))

    def forward(self, x):
        x = (x - self.mean) / self.deviation
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = functional.max_pool2d(x, 2)
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        x = functional.max_pool2d(x, 2).flatten(1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def load_network(path, entry):
    content = path.read_bytes()
    if len(content) != entry["bytes"]:
        raise ValueError(
            f"{path.name} has {len(content)} bytes, the manifest says {entry['bytes']}")
    found = hashlib.sha256(content).hexdigest()
    if found != entry["sha256"]:
        raise ValueError(f"{path.name} has SHA-256 {found}, the manifest says {entry['sha256']}")
    weights = load_safetensors(content)
    if {tensor.dtype for tensor in weights.values()} != {torch.float16}:
        raise ValueError(f"{path.name} is not all in half precision")
    network = Network(entry["dataset"])
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"{path.name} does not fit the network: {error}") from error
    parameters = sum(tensor.numel() for tensor in weights.values())
    if parameters != entry["parameters"]:
        raise ValueError(f"{path.name} has {parameters} parameters")
    return network.eval().requires_grad_(False)


def count_correct(network, images, labels):
    return sum(
        int((network(images[i : i + 500]).argmax(1) == labels[i : i + 500]).sum())
        for i in range(0, len(images), 500)
    )


ATTACKS = ["jsma-f", "jsma-t", "jsma-z", "not-robust", "fgsm", "cw-l2"]


# JSMA, increasing features by θ = 1. The rules, in words, are in tests/reference/mod.rs.


def attack_all(network, images, labels, options):
    """Attacks each image towards the nine classes that are not its own, all of them at once.

    Gives one dictionary an attack: image (its place in `images`), target, pairs, outcome.
    """
    runs = [
        {"image": i, "target": target, "pairs": [], "outcome": None}
        for i, label in enumerate(labels.tolist())
        for target in range(CLASSES)
        if target != label
    ]
    state = images[[run["image"] for run in runs]].clone()
    targets = torch.tensor([run["target"] for run in runs])
    going = list(range(len(runs)))
    for iteration in range(changes(options) + 1):
        for start in range(0, len(going), BATCH):
            batch = going[start : start + BATCH]
            choices = choose(network, state[batch], targets[batch], iteration, options)
            for k, (pair, outcome) in zip(batch, choices):
                runs[k]["outcome"] = outcome
                if pair:
                    runs[k]["pairs"].append(pair)
                    state[k].view(-1)[list(pair)] = 1.0
        going = [k for k in going if runs[k]["outcome"] is None]
        note(f"\r  {len(going)} of {len(runs)} attacks go on after {iteration + 1} pairs ")
    note("\n")
    return runs


def changes(options):
    """How often an image may be changed: one feature at a time by not-robust, two by JSMA."""
    return options.budget if options.attack == "not-robust" else options.budget // 2


def choose(network, images, targets, iteration, options):
    """For each image the features to change or the outcome of its run, and None for the other."""
    labels = network(images).argmax(1)
    fooled = "fooled" if iteration else "already-target"
    if iteration == changes(options):
        return [(None, fooled if hit else "budget-spent") for hit in labels == targets]
    a, b = gradients(network, images, targets, options.attack, options.temperature)
    choices = []
    for k, hit in enumerate(labels == targets):
        a_row, b_row = a[k].double().numpy(), b[k].double().numpy()
        domain = np.flatnonzero(images[k].flatten().numpy() < 1)
        if hit:
            choices.append((None, fooled))
        elif len(domain) >= least(options) and not a_row[domain].any() and not b_row[domain].any():
            choices.append((None, "gradient-vanished"))
        else:
            if options.attack in ("jsma-f", "jsma-t"):
                pair = two_largest(a_row, domain)
            elif options.attack == "not-robust":
                pair = the_largest(a_row, domain)
            else:
                pair, _ = best_pair(a_row, b_row, domain)
            choices.append((pair, None if pair else "no-admissible-pair"))
    return choices


def least(options):
    """Features that have to be left for a change."""
    return 1 if options.attack == "not-robust" else 2


def gradients(network, images, targets, attack, temperature=1.0):
    """∂F_t/∂x and Σ_{j≠t} ∂F_j/∂x, each [n, 784]: for a softmax the second is −1 times the first."""
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


def two_largest(a, domain):
    """The best pair where β = −α: the two largest entries, the first of equals, if their sum is
    above 0."""
    pair = sorted(domain[np.argsort(-a[domain], kind="stable")[:2]].tolist())
    return tuple(pair) if len(pair) == 2 and a[pair].sum() > 0 else None


def the_largest(a, domain):
    """The feature of the largest α − β = 2α, the first of equals, if that is above 0."""
    if len(domain) == 0 or a[domain].max() <= 0:
        return None
    return (int(domain[a[domain].argmax()]),)


def best_pair(a, b, domain):
    """The pair p < q of `domain` with the largest −αβ of those with α > 0 > β, and its score; the
    first of equals; None if none is admissible.

    Every pair is tried. In float64 the score of float32 gradients cannot underflow; in the float32
    of other projects it can, and is then 0.
    """
    alpha = a[domain][:, None] + a[domain]
    beta = b[domain][:, None] + b[domain]
    score = np.where(np.triu((alpha > 0) & (beta < 0), 1), -alpha * beta, -1)
    if score.size == 0 or score.max() < 0:
        return None, 0.0
    p, q = divmod(int(score.argmax()), len(domain))
    return (int(domain[p]), int(domain[q])), float(score[p, q])


# FGSM and Carlini and Wagner's L2, as PyTorch differentiates their losses.


def fgsm_all(network, images, labels, options):
    """One step of ε along the sign of ∇ₓ of the cross-entropy of softmax(z / T), clamped."""
    x = images.clone().requires_grad_()
    # The sum over the other classes in place of F_y − 1, which rounds to 0 earlier than they do:
    # see src/attack/fgsm.rs. The seed is a constant, so its gradient is not asked for.
    logits = network(x)
    seed = (logits.detach() / options.temperature).softmax(1)
    own = torch.zeros_like(seed).scatter_(1, labels[:, None], 1.0)
    others = (seed * (1 - own)).sum(1, keepdim=True)
    seed = torch.where(own > 0, -others, seed) / options.temperature
    gradient = torch.autograd.grad((logits * seed).sum(), x)[0]
    changed = (images + options.epsilon * gradient.sign()).clamp(0, 1)
    before, after = logits.argmax(1) != labels, network(changed).argmax(1) != labels
    vanished = ~gradient.flatten(1).any(1)

    def outcome(k):
        if before[k]:
            return "already-target"
        return "gradient-vanished" if vanished[k] else "fooled" if after[k] else "budget-spent"

    return [{"image": k, "outcome": outcome(k), "pairs": []} for k in range(len(images))]


def cw_l2_all(network, images, labels, options, iterations=200, searches=5, rate=0.1):
    """Adam on ‖δ‖² + c · max(max_{j≠t} z_j − z_t, 0), with tanh, in float32, all attacks at once."""
    runs = [
        {"image": i, "target": target, "pairs": []}
        for i, label in enumerate(labels.tolist())
        for target in range(CLASSES)
        if target != label
    ]
    for start in range(0, len(runs), 4 * BATCH):
        batch = runs[start : start + 4 * BATCH]
        original = images[[run["image"] for run in batch]]
        target = torch.tensor([run["target"] for run in batch])
        own = functional.one_hot(target, CLASSES).bool()
        already = network(original).argmax(1) == target
        n = len(batch)
        c, low, high = torch.ones(n), torch.zeros(n), torch.full((n,), float("inf"))
        best = torch.full((n,), float("inf"))
        for search in range(searches):
            w = torch.atanh(0.999999 * (2 * original.double() - 1)).float().requires_grad_()
            adam, found = torch.optim.Adam([w], lr=rate), torch.zeros(n, dtype=bool)
            for iteration in range(iterations + 1):
                x = (torch.tanh(w) + 1) / 2
                z, squares = network(x), ((x - original) ** 2).flatten(1).sum(1)
                rival = z.masked_fill(own, -float("inf")).max(1).values
                gap = rival - z.gather(1, target[:, None])[:, 0]
                hit = z.argmax(1) == target
                found |= hit
                best = torch.where(hit, torch.minimum(best, squares.detach()), best)
                adam.zero_grad()
                (squares + c * gap.clamp(min=0)).sum().backward()
                adam.step()
            note(f"\r  {start + n} of {len(runs)} attacks, search {search + 1} ")
            high, low = torch.where(found, c, high), torch.where(found, low, c)
            c = torch.where(high.isinf(), 10 * c, (low + high) / 2)
        for k, run in enumerate(batch):
            hit = bool(best[k] < float("inf"))
            run["distance"] = float(best[k].sqrt()) if hit else None
            run["outcome"] = "already-target" if already[k] else "fooled" if hit else "budget-spent"
    note("\n")
    return runs


def summarise(runs, options):
    fooled = [run for run in runs if run["outcome"] == "fooled"]
    attempts = [run for run in runs if run["outcome"] != "already-target"]
    summary = {
        "name": options.attack,
        "temperature": options.temperature,
        "attempts": len(attempts),
        "successes": len(fooled),
        "rate": len(fooled) / max(1, len(attempts)),
        "outcomes": dict(Counter(run["outcome"] for run in runs)),
    }
    if fooled and options.attack == "cw-l2":
        summary["mean_distance"] = float(np.mean([run["distance"] for run in fooled]))
    elif fooled and options.attack != "fgsm":
        features = least(options) * np.mean([len(run["pairs"]) for run in fooled])
        summary["mean_features_of_successes"] = float(features)
    return summary


# Other projects. Each is run as it is, and observed through the images that it shows the network.


def compare(name, network, images, runs, options):
    """Repeats some of the attacks with another project's JSMA and accounts for each of its steps.

    A step is `same` if this project's rules choose the same pair at the same image. Otherwise the
    library's own rule, written down at `LIBRARIES` as it differs from the paper's, has to give
    exactly the library's next image, and its pair must not score higher by this project's: then the
    step is counted under the cause of the difference. An attack is `identical` if all its steps are
    the same and it ends where this project's does, and else is counted under the cause of its first
    difference.
    """
    run_library, rule = LIBRARIES[name]
    draw = np.random.RandomState(options.seed).permutation(len(runs))
    chosen = [runs[k] for k in sorted(draw[: options.library_attacks])]
    attacks, steps, fooled = Counter(), Counter(), 0
    for count, run in enumerate(chosen, 1):
        watched = Watched(network, options.attack)
        try:
            run_library(watched, images[run["image"]], run["target"], options.budget // 2)
        except ImportError as error:
            return {"name": name, "skipped": f"cannot be imported: {error}"}
        causes = account(network, watched.images, run, rule, options)
        different = next((cause for cause in causes if cause != "same"), None)
        attacks[different or "identical"] += 1
        steps.update(causes)
        fooled += int(network(watched.images[-1][None]).argmax(1)) == run["target"]
        note(f"\r  {name}: {count} of {len(chosen)} attacks ")
    note("\n")
    return {
        "name": name,
        "attacks": len(chosen),
        "attacks_by_first_difference": dict(attacks),
        "steps": dict(steps),
        "successes": fooled,
        "successes_of_this_check": sum(run["outcome"] == "fooled" for run in chosen),
    }


class Watched(nn.Module):
    """A network that remembers each new image that it is shown."""

    def __init__(self, network, attack):
        super().__init__()
        self.network = network
        self.attack = attack
        self.images = []

    def forward(self, x):
        seen = x.detach().reshape(1, 28, 28).clone()
        if not self.images or not torch.equal(seen, self.images[-1]):
            self.images.append(seen)
        return outputs_of(self.network, x, self.attack)


def account(network, trajectory, run, rule, options):
    """Why each step of a trajectory was taken: a list of `same`, causes, and `unexplained`."""
    causes, used, spent = [], np.zeros(FEATURES, bool), 0
    target = torch.tensor([run["target"]])
    for image, following in zip(trajectory, [*trajectory[1:], None]):
        ours, outcome = choose(network, image[None], target, spent, options)[0]
        if outcome in ("fooled", "already-target", "budget-spent"):
            return causes + ["unexplained"] * (following is not None)
        a, b = rows(network, image, run["target"], options.attack)
        theirs, cause = rule(a, b, image.flatten().numpy(), used)
        # A choice of saturated features changes nothing, and so shows the network nothing new.
        while theirs and spent < options.budget // 2 and saturated(image, theirs):
            used[list(theirs)] = True
            spent += 1
            causes.append(cause)
            theirs, cause = rule(a, b, image.flatten().numpy(), used)
        if following is None:
            if theirs and spent < options.budget // 2:
                causes.append("unexplained")
            elif ours:
                causes.append(cause)
            return causes
        if ours and torch.equal(following, changed(image, ours)):
            causes.append("same")
            used[list(ours)] = True
        elif theirs and torch.equal(following, changed(image, theirs)) and not better(
                network, image, target, theirs, ours, options.attack):
            causes.append(cause)
            used[list(theirs)] = True
        else:
            return causes + ["unexplained"]
        spent += 1
    return causes


def better(network, image, target, theirs, ours, attack):
    """Whether a pair scores higher by this project's own rules than the one that they chose, or
    scores where they chose none. Then the rules were not followed, whatever the library did."""
    a, b = (row[0].double() for row in gradients(network, image[None], target, attack))

    def score(pair):
        p, q = pair
        alpha, beta = a[p] + a[q], b[p] + b[q]
        movable = p != q and image.view(-1)[[p, q]].max() < 1
        return float(-alpha * beta) if movable and alpha > 0 > beta else 0.0

    return score(theirs) > (score(ours) if ours else 0.0)


def rows(network, image, target, attack):
    """∂F_t/∂x and the sum of the nine other rows of the Jacobian, in float32, as others compute
    them: the sum is not exactly −1 times the first once a softmax output rounds to 1."""
    x = image[None].clone().requires_grad_()
    outputs = outputs_of(network, x, attack)[0]
    jacobian = torch.stack([
        torch.autograd.grad(output, x, retain_graph=True)[0].flatten() for output in outputs
    ])
    return jacobian[target].numpy(), (jacobian.sum(0) - jacobian[target]).numpy()


def changed(image, pair):
    image = image.clone()
    image.view(-1)[list(pair)] = 1.0
    return image


def saturated(image, pair):
    return torch.equal(image, changed(image, pair))


# The causes of differences.
ROWS = "sums or scores in float32"
ZERO = "changes feature 0 where no pair scores"
FREEZES = "stops where no pair is admissible"
NEAR_ONE = "leaves out features of 0.99 and more"
SATURATED = "chooses saturated features"
NO_BETA = "takes the two largest of the target's row, admissible or not"


def torchattacks_rule(a, b, pixels, used):
    pair, score = best_pair(a, b, np.flatnonzero((pixels < 0.99) & ~used))
    if score == 0:
        return (0, 0), ZERO
    return pair, ROWS if pair == best_pair(a, b, np.flatnonzero(pixels < 1))[0] else NEAR_ONE


def advertorch_rule(a, b, pixels, used):
    pair, score = best_pair(a, b, np.flatnonzero(~used))
    if pair is None:
        return None, FREEZES
    if score == 0:
        return (0, 0), ZERO
    return pair, ROWS if pair == best_pair(a, b, np.flatnonzero(pixels < 1))[0] else SATURATED


def art_rule(a, b, pixels, used):
    movable = np.where(pixels < 1, a, -np.inf)
    return tuple(np.argpartition(movable, -2)[-2:].tolist()), NO_BETA


def run_torchattacks(network, image, target, pairs):
    import torchattacks

    # It allows ⌈784γ / 2⌉ pairs.
    attack = torchattacks.JSMA(network, theta=1.0, gamma=(2 * pairs - 0.5) / FEATURES)
    attack.set_mode_targeted_by_label(quiet=True)
    attack(image[None], torch.tensor([target]))


def run_advertorch(network, image, target, pairs):
    # Its package imports a helper that PyTorch dropped; its JSMA does not use it.
    sys.modules["torch.autograd.gradcheck"].zero_gradients = None
    from advertorch.attacks import JacobianSaliencyMapAttack

    # It allows int(784γ / 2) pairs.
    gamma = (2 * pairs + 0.5) / FEATURES
    attack = JacobianSaliencyMapAttack(network, CLASSES, theta=1.0, gamma=gamma)
    attack.perturb(image[None], torch.tensor([target]))


def run_art(network, image, target, pairs):
    from art.attacks.evasion import SaliencyMapMethod
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        network, nn.CrossEntropyLoss(), (1, 28, 28), CLASSES, clip_values=(0.0, 1.0),
        device_type="cpu")
    # It goes on while the share of features changed is at most γ, one pair beyond the budget.
    attack = SaliencyMapMethod(
        classifier, theta=1.0, gamma=(2 * pairs - 1) / FEATURES, batch_size=1, verbose=False)
    attack.generate(image[None].numpy(), np.array([target]))


LIBRARIES = {
    # torchattacks 3.5: sums all rows in float32; searches features below 0.99; where no pair has a
    # positive score, changes feature 0 and goes on.
    "torchattacks": (run_torchattacks, torchattacks_rule),
    # advertorch 0.2: sums all rows in float32; searches every feature not chosen before, saturated
    # or not; stops where no pair is admissible, but takes feature 0 where every score underflows.
    "advertorch": (run_advertorch, advertorch_rule),
    # adversarial-robustness-toolbox 1: no β, the two largest entries of the target's row, whatever
    # their sign; never stops for want of a pair.
    "art": (run_art, art_rule),
}
PACKAGES = {
    "torchattacks": "torchattacks",
    "advertorch": "advertorch",
    "art": "adversarial-robustness-toolbox",
}


def note(text):
    print(text, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main())
