#!/usr/bin/env python3
"""The published networks and attacks, checked from outside: PyTorch in place of burn.

What it does, for each network of www/models/manifest.json on one data set:
1. reads the file with `safetensors`, checks its length and SHA-256, and measures the test accuracy;
2. attacks test images towards all nine other classes (FGSM: away from their own) with an attack
   written a second time here, and counts what `--figure` asks for: the outcomes, the robustness, or
   what becomes of the images on other networks (`--to`); or measures the gradients' amplitude;
3. with `--libraries`, runs the JSMA of other projects on the same weights and images and compares
   every step;
4. with `--results`, puts this project's figures on those images beside its own, and with `--save`
   adds both to a file of rows (results/checks.json), which `distill report` shows.

How to run it (a developer's check; `npm test` neither needs nor runs it):
    python3 -m venv /tmp/check && /tmp/check/bin/pip install torch numpy safetensors pillow
    /tmp/check/bin/python tests/python/check_published.py --images 20
For part 3, any of these; without the packages that they declare, which pin old versions:
    /tmp/check/bin/pip install --no-deps torchattacks advertorch adversarial-robustness-toolbox
    /tmp/check/bin/pip install scipy tqdm requests six packaging scikit-learn torchvision
Written against torch 1.13, torchattacks 3.5.1, advertorch 0.2.3 and adversarial-robustness-toolbox
1.20.1. On one core, 100 images take half a minute a network, and each attack by another project one
or two seconds more.

A JSON report goes to standard output, progress to standard error. The exit status is 1 if a file
is not what the manifest says, if its accuracy is not, or if a step of another project can be
explained neither by this project's rules nor by the differences listed at `libraries.LIBRARIES`.

The images are a random draw of the test set (`--images`, `--seed`) or those of a JSON array of
indices (`--indices`), so that another engine's figures can be compared attack by attack.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch

import carlini_wagner
import fgsm
import figures
import jsma
import libraries
from published import SHAPES, count_correct, load_network, read_test_set

ROOT = Path(__file__).resolve().parents[2]
ATTACKS = {
    **{name: jsma.attack for name in jsma.ATTACKS},
    "fgsm": fgsm.attack,
    "cw-l2": carlini_wagner.attack_l2,
    "cw-l0": carlini_wagner.attack_l0,
}
#: Attacks that have no temperature.
COLD = ["jsma-f", "jsma-z", "random-pairs", "cw-l2", "cw-l0"]


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    images, labels = read_test_set(options.data, options.dataset)
    options.chosen = choose_images(options, len(images))
    manifest = json.loads((options.models / "manifest.json").read_text())
    entries = {entry["id"]: entry for entry in manifest if entry["dataset"] == options.dataset}
    problems, checked = [], []
    for entry in entries.values():
        if options.only and entry["id"] not in options.only:
            continue
        try:
            network = load_network(options.models, entry, options.scale)
            correct = count_correct(network, images, labels)
            if abs(correct - entry["test_accuracy"] * len(images)) > 2.5:
                raise ValueError(
                    f"{correct} of {len(images)} are read, the manifest says {entry['test_accuracy']}")
        except ValueError as error:
            problems.append(f"{entry['id']}: {error}")
            continue
        print(f"\n{entry['id']}", file=sys.stderr)
        options.temperature = attack_temperature(options, entry)
        accuracy = correct / len(images)
        chosen = images[options.chosen], labels[options.chosen]
        for row in rows(network, entry, entries, *chosen, options):
            row["accuracy"] = accuracy
            problems += [
                f"{entry['id']}: {library['name']} takes unexplained steps"
                for library in row.get("libraries", []) if library.get("steps", {}).get("unexplained")
            ]
            checked.append(row)
            if options.save:
                save(options.save, row)
    packages = ["torch", "numpy", *(libraries.PACKAGES[name] for name in options.libraries)]
    report = {
        "images": options.chosen,
        "versions": {name: libraries.version(name) for name in packages},
        "rows": checked,
        "problems": problems,
    }
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
    parser.add_argument("--scale", type=float, default=1.0,
                        help="what logits are multiplied by (default: %(default)s)")
    parser.add_argument("--figure", choices=["success", "amplitude", "robustness", "transfer"],
                        default="success")
    parser.add_argument("--to", nargs="*", metavar="ID", default=[],
                        help="of a transfer, the networks that are shown the images")
    parser.add_argument("--attack", choices=ATTACKS, default="jsma-f")
    parser.add_argument("--attack-temperature", type=float,
                        help="of jsma-t, not-robust and fgsm (default: that of the training)")
    parser.add_argument("--attack-seed", type=int, default=1, help="of random-pairs")
    parser.add_argument("--direction", choices=jsma.SIGNS, default="increase")
    parser.add_argument("--epsilon", type=float, default=0.3, help="of fgsm, default %(default)s")
    parser.add_argument("--results", type=Path,
                        help="folder of this project's results, to put its figures beside these")
    parser.add_argument("--save", type=Path, help="file of rows to add the figures to")
    parser.add_argument("--budget", type=int, default=112, help="features, default %(default)s")
    parser.add_argument("--images", type=int, default=100, help="how many, default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the draw of images")
    parser.add_argument("--indices", type=Path, help="JSON array of test-set indices to attack")
    parser.add_argument("--libraries", nargs="*", choices=list(libraries.LIBRARIES), default=[],
                        help="other projects to compare with, on MNIST's jsma-f and jsma-z")
    parser.add_argument("--library-attacks", type=int, default=30,
                        help="how many of the attacks each of them repeats (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    comparable = options.attack in ("jsma-f", "jsma-z") and options.dataset == "mnist"
    if options.libraries and not (comparable and options.direction == "increase"):
        parser.error("--libraries is for MNIST's jsma-f and jsma-z, increasing")
    if options.direction == "either" and options.attack != "not-robust":
        parser.error("--direction either is for not-robust")
    return options


def choose_images(options, available):
    if options.indices:
        return json.loads(options.indices.read_text())
    draw = np.random.RandomState(options.seed).permutation(available)
    return sorted(int(i) for i in draw[: options.images])


def attack_temperature(options, entry):
    """T of the softmax that is differentiated: 1 where there is none to choose."""
    if options.attack in COLD:
        return 1.0
    return options.attack_temperature or entry["temperature"]


def rows(network, entry, entries, images, labels, options):
    """The figures of a network: one row, but of a transfer one for each network it is shown to."""
    about = {
        "dataset": entry["dataset"],
        "model": entry["id"],
        "model_sha256": entry["sha256"],
        "scale": options.scale,
        "figure": options.figure,
        "images": len(images),
    }
    if options.figure == "amplitude":
        yield beside(about, figures.amplitude(network, images, progress), options)
        return
    about["attack"] = options.attack
    if options.attack not in COLD:
        about["attack_temperature"] = options.temperature
    if options.attack == "fgsm":
        about["epsilon"] = options.epsilon
    if options.attack in jsma.ATTACKS:
        about |= {"direction": options.direction, "budget": options.budget}
    runs, state = ATTACKS[options.attack](network, images, labels, options, progress)
    if options.figure == "robustness":
        yield beside(about, figures.robustness(runs, images, state, options.budget), options)
        return
    if options.figure == "transfer":
        for reader in options.to:
            other = load_network(options.models, entries[reader])
            found = figures.transfer(runs, state, other, images, labels)
            yield beside({**about, "to": reader}, found, options)
        return
    row = beside(about, figures.success(runs, images, state, options.attack), options)
    row["libraries"] = [
        libraries.compare(name, network, images, runs, options, progress)
        for name in options.libraries
    ]
    yield row


def beside(about, found, options):
    """A row, with this project's figure where it has one."""
    here, features = None, {"mnist": 784, "cifar10": 3072}[options.dataset]
    if options.results:
        here = figures.published(options.results, about, options.chosen, features)
    return {**about, "torch": torch.__version__, "found": found, "found_here": here}


def save(file, row):
    """Puts a row into a file of rows, in the place of the one that checked the same before."""
    told = ("torch", "found", "found_here", "accuracy", "libraries")
    about = {field: of for field, of in row.items() if field not in told}
    kept = json.loads(file.read_text()) if file.exists() else []
    kept = [
        other for other in kept
        if {field: of for field, of in other.items() if field not in told} != about
        and not (other["model"] == row["model"] and other["model_sha256"] != row["model_sha256"])
    ]
    kept.append({field: of for field, of in row.items() if field != "libraries"})
    order = ("dataset", "figure", "attack", "direction", "model", "scale", "attack_temperature", "to")
    kept.sort(key=lambda of: [str(of.get(field, "")) for field in order])
    lines = ",\n".join(json.dumps(of, separators=(",", ":")) for of in kept)
    file.write_text(f"[\n{lines}\n]\n")


def progress(text):
    """Says how far it is, on the line that said so before."""
    print(f"\r  {text:<60}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main())
