"""Runs the JSMA of other projects on the same weights and images, and explains each of its steps.

The libraries are not modified. Their steps are observed through the images that they pass to the
network.
"""

import sys
from collections import Counter
from importlib import metadata

import numpy as np
import torch
from torch import nn

from jsma import best_pair, choose, gradients, outputs_of
from published import CLASSES

FEATURES = 784  # Of MNIST, the only data set compared here.


def compare(name, network, images, runs, options, progress):
    """Repeats some of the attacks with another project's JSMA, and explains each of its steps.

    A step is `same` if this project's rules choose the same pair at the same image. Otherwise two
    things must hold: the library's own rule (see `LIBRARIES`) gives exactly the library's next
    image, and its pair does not score higher by this project's rules. Then the step is counted under
    the cause of the difference; otherwise it is `unexplained`. An attack is `identical` if all its
    steps are the same and it ends where this project's attack ends; otherwise it is counted under
    the cause of its first difference.
    """
    run_library, rule = LIBRARIES[name]
    draw = np.random.RandomState(options.seed).permutation(len(runs))
    chosen = [runs[k] for k in sorted(draw[: options.library_attacks])]
    attacks, steps, fooled = Counter(), Counter(), 0
    for count, run in enumerate(chosen, 1):
        recorder = RecordingNetwork(network, options.attack)
        try:
            run_library(recorder, images[run["image"]], run["target"], options.budget // 2)
        except ImportError as error:
            return {"name": name, "skipped": f"cannot be imported: {error}"}
        causes = explain_steps(network, recorder.images, run, rule, options)
        different = next((cause for cause in causes if cause != "same"), None)
        attacks[different or "identical"] += 1
        steps.update(causes)
        fooled += int(network(recorder.images[-1][None]).argmax(1)) == run["target"]
        progress(f"{name}: {count} of {len(chosen)} attacks")
    return {
        "name": name,
        "attacks": len(chosen),
        "attacks_by_first_difference": dict(attacks),
        "steps": dict(steps),
        "successes": fooled,
        "successes_of_this_check": sum(run["outcome"] == "fooled" for run in chosen),
    }


class RecordingNetwork(nn.Module):
    """A network that records each new image that it gets."""

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


def explain_steps(network, trajectory, run, rule, options):
    """Explains each step of a trajectory: a list of `same`, causes of differences, and `unexplained`."""
    causes, used, spent = [], np.zeros(FEATURES, bool), 0
    target, original = torch.tensor([run["target"]]), trajectory[0]
    for image, following in zip(trajectory, [*trajectory[1:], None]):
        ours, _, outcome = choose(network, image[None], original[None], target, spent, options)[0]
        if outcome in ("fooled", "already-target", "budget-spent"):
            return causes + ["unexplained"] * (following is not None)
        a, b = rows(network, image, run["target"], options.attack)
        theirs, cause = rule(a, b, image.flatten().numpy(), used)
        # If the library chooses saturated features, the image does not change and is not recorded.
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
        elif theirs and torch.equal(following, changed(image, theirs)) and not scores_higher(
                network, image, target, theirs, ours, options.attack):
            causes.append(cause)
            used[list(theirs)] = True
        else:
            return causes + ["unexplained"]
        spent += 1
    return causes


def scores_higher(network, image, target, theirs, ours, attack):
    """Whether the library's pair scores higher by this project's rules than this project's pair.

    Without a pair of this project's, any score above 0 is higher. If it is higher, this project's
    rules were not followed here, whatever the library did.
    """
    a, b = (row[0].double() for row in gradients(network, image[None], target, attack))

    def score(pair):
        p, q = pair
        alpha, beta = a[p] + a[q], b[p] + b[q]
        movable = p != q and image.view(-1)[[p, q]].max() < 1
        return float(-alpha * beta) if movable and alpha > 0 > beta else 0.0

    return score(theirs) > (score(ours) if ours else 0.0)


def rows(network, image, target, attack):
    """∂F_t/∂x and the sum of the nine other rows of the Jacobian, in float32 as the libraries do it.

    The sum is not exactly −1 times the first row if a softmax output rounds to 1.
    """
    x = image[None].clone().requires_grad_()
    outputs = outputs_of(network, x, attack)[0]
    jacobian = torch.stack([
        torch.autograd.grad(output, x, retain_graph=True)[0].flatten() for output in outputs
    ])
    return jacobian[target].numpy(), (jacobian.sum(0) - jacobian[target]).numpy()


def changed(image, pair):
    """The image with both features of the pair set to 1."""
    image = image.clone()
    image.view(-1)[list(pair)] = 1.0
    return image


def saturated(image, pair):
    """Whether both features of the pair are 1 already."""
    return torch.equal(image, changed(image, pair))


# The causes of differences. They are part of the report.
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

    # torchattacks allows ⌈784γ / 2⌉ pairs.
    attack = torchattacks.JSMA(network, theta=1.0, gamma=(2 * pairs - 0.5) / FEATURES)
    attack.set_mode_targeted_by_label(quiet=True)
    attack(image[None], torch.tensor([target]))


def run_advertorch(network, image, target, pairs):
    # The package imports a helper that PyTorch no longer has; its JSMA does not use it.
    sys.modules["torch.autograd.gradcheck"].zero_gradients = None
    from advertorch.attacks import JacobianSaliencyMapAttack

    # advertorch allows int(784γ / 2) pairs.
    gamma = (2 * pairs + 0.5) / FEATURES
    attack = JacobianSaliencyMapAttack(network, CLASSES, theta=1.0, gamma=gamma)
    attack.perturb(image[None], torch.tensor([target]))


def run_art(network, image, target, pairs):
    from art.attacks.evasion import SaliencyMapMethod
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        network, nn.CrossEntropyLoss(), (1, 28, 28), CLASSES, clip_values=(0.0, 1.0),
        device_type="cpu")
    # ART continues while the share of changed features is at most γ, so it takes one pair more.
    attack = SaliencyMapMethod(
        classifier, theta=1.0, gamma=(2 * pairs - 1) / FEATURES, batch_size=1, verbose=False)
    attack.generate(image[None].numpy(), np.array([target]))


# For each library: how it is run, and its rule for choosing a pair.
LIBRARIES = {
    # torchattacks 3.5 sums all rows in float32. It searches features below 0.99. If no pair has a
    # positive score, it changes feature 0 and continues.
    "torchattacks": (run_torchattacks, torchattacks_rule),
    # advertorch 0.2 sums all rows in float32. It searches all features not chosen before, including
    # saturated ones. It stops if no pair is admissible, but takes feature 0 if all scores underflow.
    "advertorch": (run_advertorch, advertorch_rule),
    # adversarial-robustness-toolbox 1 does not use β: it takes the two largest entries of the
    # target's row, whatever their signs, so it never stops because no pair is admissible.
    "art": (run_art, art_rule),
}
PACKAGES = {
    "torchattacks": "torchattacks",
    "advertorch": "advertorch",
    "art": "adversarial-robustness-toolbox",
}


def version(package):
    """The installed version of a package; None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
