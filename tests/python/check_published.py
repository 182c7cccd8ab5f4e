#!/usr/bin/env python3
"""Checks the published networks and attacks independently: with PyTorch instead of burn.

For each network of www/models/manifest.json on one data set, this script
1. reads the file with `safetensors`, checks its length and SHA-256, and measures the test accuracy;
2. attacks test images towards all nine other classes (FGSM: away from their own) with a second
   implementation of the attack, and computes the figure that `--figure` names: the outcomes, the
   robustness, or the transfer to other networks (`--to`); or measures the gradients' amplitude;
3. with `--libraries`, runs the JSMA of other projects on the same weights and images and compares
   every step;
4. with `--results`, puts this project's figures on the same images beside its own, and with `--save`
   adds both to a file of rows (results/checks.json), which `distill report` shows.

How to run it (a check for developers; `npm test` neither needs nor runs it):
    python3 -m venv /tmp/check && /tmp/check/bin/pip install torch numpy safetensors pillow
    /tmp/check/bin/python tests/python/check_published.py --images 20
For part 3, install any of these, without the dependencies that they declare, which pin old versions:
    /tmp/check/bin/pip install --no-deps torchattacks advertorch adversarial-robustness-toolbox
    /tmp/check/bin/pip install scipy tqdm requests six packaging scikit-learn torchvision
Written for torch 1.13, torchattacks 3.5.1, advertorch 0.2.3 and adversarial-robustness-toolbox
1.20.1. On one core, 100 images take half a minute for each network, and each attack by another
project one or two seconds more.

A JSON report is written to standard output, progress to standard error. The exit status is 1 if a
file or its accuracy differs from the manifest, or if a step of another project is explained neither
by this project's rules nor by the differences listed at `libraries.LIBRARIES`.

The images are a random draw from the test set (`--images`, `--seed`), or those of a JSON array of
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
#: Attacks that have no temperature setting.
WITHOUT_TEMPERATURE = ["jsma-f", "jsma-z", "random-pairs", "cw-l2", "cw-l0"]


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
                    f"{correct} of {len(images)} test images are classified correctly, "
                    f"the manifest says {entry['test_accuracy']}")
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
                f"{entry['id']}: {library['name']} took unexplained steps"
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
                        help="folder with manifest.json (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=ROOT / "data",
                        help="folder with the data sets, filled by `npm run data` (default: %(default)s)")
    parser.add_argument("--only", nargs="*", metavar="ID", help="check only these models")
    parser.add_argument("--scale", type=float, default=1.0,
                        help="factor of the logits (default: %(default)s)")
    parser.add_argument("--figure", choices=["success", "amplitude", "robustness", "transfer"],
                        default="success")
    parser.add_argument("--to", nargs="*", metavar="ID", default=[],
                        help="target models of --figure transfer")
    parser.add_argument("--attack", choices=ATTACKS, default="jsma-f")
    parser.add_argument("--attack-temperature", type=float,
                        help="T of jsma-t, not-robust and fgsm (default: the training's)")
    parser.add_argument("--attack-seed", type=int, default=1, help="random seed of random-pairs")
    parser.add_argument("--direction", choices=jsma.SIGNS, default="increase")
    parser.add_argument("--epsilon", type=float, default=0.3, help="ε of fgsm (default: %(default)s)")
    parser.add_argument("--results", type=Path,
                        help="folder of this project's results, to report its figures as well")
    parser.add_argument("--save", type=Path, help="file of rows to add the figures to")
    parser.add_argument("--budget", type=int, default=112,
                        help="features that an attack may change (default: %(default)s)")
    parser.add_argument("--images", type=int, default=100,
                        help="number of images (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="random seed of the draw of images")
    parser.add_argument("--indices", type=Path,
                        help="JSON file with the test-set indices of the images, instead of a draw")
    parser.add_argument("--libraries", nargs="*", choices=list(libraries.LIBRARIES), default=[],
                        help="other projects to compare with (only MNIST, jsma-f and jsma-z)")
    parser.add_argument("--library-attacks", type=int, default=30,
                        help="how many attacks each of them repeats (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    comparable = options.attack in ("jsma-f", "jsma-z") and options.dataset == "mnist"
    if options.libraries and not (comparable and options.direction == "increase"):
        parser.error("--libraries works only with MNIST, jsma-f or jsma-z, and --direction increase")
    if options.direction == "either" and options.attack != "not-robust":
        parser.error("--direction either works only with not-robust")
    return options


def choose_images(options, available):
    """The test-set indices of the images to attack."""
    if options.indices:
        return json.loads(options.indices.read_text())
    draw = np.random.RandomState(options.seed).permutation(available)
    return sorted(int(i) for i in draw[: options.images])


def attack_temperature(options, entry):
    """The temperature of the differentiated softmax; 1 for attacks without this setting."""
    if options.attack in WITHOUT_TEMPERATURE:
        return 1.0
    return options.attack_temperature or entry["temperature"]


def rows(network, entry, entries, images, labels, options):
    """The rows of a network: one, or for a transfer one for each target model."""
    about = {
        "dataset": entry["dataset"],
        "model": entry["id"],
        "model_sha256": entry["sha256"],
        "scale": options.scale,
        "figure": options.figure,
        "images": len(images),
    }
    if options.figure == "amplitude":
        yield with_published(about, figures.amplitude(network, images, progress), options)
        return
    about["attack"] = options.attack
    if options.attack not in WITHOUT_TEMPERATURE:
        about["attack_temperature"] = options.temperature
    if options.attack == "fgsm":
        about["epsilon"] = options.epsilon
    if options.attack in jsma.ATTACKS:
        about |= {"direction": options.direction, "budget": options.budget}
    runs, state = ATTACKS[options.attack](network, images, labels, options, progress)
    if options.figure == "robustness":
        yield with_published(about, figures.robustness(runs, images, state, options.budget), options)
        return
    if options.figure == "transfer":
        for target_id in options.to:
            target_model = load_network(options.models, entries[target_id])
            found = figures.transfer(runs, state, target_model, images, labels)
            yield with_published({**about, "to": target_id}, found, options)
        return
    row = with_published(about, figures.success(runs, images, state, options.attack), options)
    row["libraries"] = [
        libraries.compare(name, network, images, runs, options, progress)
        for name in options.libraries
    ]
    yield row


def with_published(about, found, options):
    """A row with the figure found here and this project's published one, if there is one."""
    published, features = None, {"mnist": 784, "cifar10": 3072}[options.dataset]
    if options.results:
        published = figures.published(options.results, about, options.chosen, features)
    return {**about, "torch": torch.__version__, "found": found, "found_here": published}


def save(file, row):
    """Adds a row to a file of rows, and removes an earlier row about the same."""
    measured = ("torch", "found", "found_here", "accuracy", "libraries")
    about = {field: of for field, of in row.items() if field not in measured}
    kept = json.loads(file.read_text()) if file.exists() else []
    kept = [
        other for other in kept
        if {field: of for field, of in other.items() if field not in measured} != about
        and not (other["model"] == row["model"] and other["model_sha256"] != row["model_sha256"])
    ]
    kept.append({field: of for field, of in row.items() if field != "libraries"})
    order = ("dataset", "figure", "attack", "direction", "model", "scale", "attack_temperature", "to")
    kept.sort(key=lambda of: [str(of.get(field, "")) for field in order])
    lines = ",\n".join(json.dumps(of, separators=(",", ":")) for of in kept)
    file.write_text(f"[\n{lines}\n]\n")


def progress(text):
    """Shows the progress, in place of the previous text on the same line."""
    print(f"\r  {text:<60}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main())
