"""Figures of the attacks and gradients computed here, counted as those in results/ are."""

import json

import numpy as np
import torch

from published import CLASSES

OUTCOMES = ["fooled", "budget-spent", "no-admissible-pair", "gradient-vanished", "already-target"]
EDGES = [1e-40, 1e-35, 1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1e-3]


def success(runs, images, state, attack):
    """The number of attacks with each outcome, and the mean change of those that fooled the network."""
    found = {
        name.replace("-", "_"): sum(run["outcome"] == name for run in runs) for name in OUTCOMES
    }
    fooled = [i for i, run in enumerate(runs) if run["outcome"] == "fooled"]
    if fooled and attack != "fgsm":
        moved = (state[fooled] - images[[runs[i]["image"] for i in fooled]]).flatten(1)
        if attack == "cw-l2":
            found["distance"] = round(float(moved.double().norm(dim=1).mean()), 3)
        else:
            found["features"] = round(float((moved != 0).sum(1).double().mean()), 2)
    return found


def robustness(runs, images, state, budget):
    """ρ_adv: for each image the least share of features changed over the nine targets, averaged.

    An image that no attack succeeds on counts with the whole budget.
    """
    features = images[0].numel()
    shares, failures, vanished, misread = [], 0, 0, 0
    for k in range(len(images)):
        of_image = [i for i, run in enumerate(runs) if run["image"] == k]
        ends = [runs[i]["outcome"] for i in of_image]
        if "already-target" in ends:
            misread += 1
            continue
        fooled = [i for i in of_image if runs[i]["outcome"] == "fooled"]
        least = min((int((state[i] != images[k]).sum()) for i in fooled), default=budget)
        shares.append(least / features)
        failures += not fooled
        vanished += set(ends) == {"gradient-vanished"}
    return {
        "measured": len(shares),
        "misread": misread,
        "failures": failures,
        "gradient_vanished": vanished,
        "robustness": round(float(np.mean(shares)), 6),
    }


def transfer(runs, state, target_model, images, labels):
    """How often successful adversarial images also fool the target model.

    Only images are counted whose originals the target model classifies correctly.
    """
    before = target_model(images).argmax(1)
    shown = [i for i, run in enumerate(runs)
             if run["outcome"] == "fooled" and before[run["image"]] == labels[run["image"]]]
    if not shown:
        return {"shown": 0, "reached": 0, "misread": 0}
    batches = [state[shown[i : i + 250]] for i in range(0, len(shown), 250)]
    after = torch.cat([target_model(batch).argmax(1) for batch in batches])
    targets = torch.tensor([runs[i]["target"] for i in shown])
    true_labels = torch.stack([labels[runs[i]["image"]] for i in shown])
    return {
        "shown": len(shown),
        "reached": int((after == targets).sum()),
        "misread": int((after != true_labels).sum()),
    }


def amplitude(network, images, progress):
    """A histogram of the images by the mean of |∂F_j/∂x_i| over outputs and features.

    F is softmax(z) in float32; the bins are those between `EDGES`.
    """
    amplitudes = []
    for start in range(0, len(images), 100):
        x = images[start : start + 100].clone().requires_grad_()
        outputs = network(x).softmax(1).sum(0)
        total = torch.zeros(len(x), dtype=torch.float64)
        for output in outputs:
            rows = torch.autograd.grad(output, x, retain_graph=True)[0]
            total += rows.double().abs().flatten(1).sum(1)
        amplitudes += (total / (CLASSES * x[0].numel())).tolist()
        progress(f"{len(amplitudes)} of {len(images)} images")
    counts = np.bincount(np.searchsorted(EDGES, amplitudes, side="right"), minlength=10)
    return {"counts": counts.tolist(), "zero": sum(of == 0 for of in amplitudes)}


# The same figures in this project's results: their files and fields.

FILES = {"amplitude": "amplitude.json", "robustness": "robustness.json", "transfer": "transfer.json"}
FIELDS = {
    "amplitude": ["counts", "zero"],
    "robustness": ["measured", "misread", "failures", "gradient_vanished", "robustness"],
    "transfer": ["shown", "reached", "misread"],
}


def published(results, about, chosen, features):
    """This project's figure for the same model file, attack and images; None if there is none."""
    figure = about["figure"]
    file = "fgsm.json" if about.get("attack") == "fgsm" and figure == "success" else "success.json"
    for row in json.loads((results / FILES.get(figure, file)).read_text()):
        same = all(
            is_same(row.get(field), about[field]) for field in about
            if field not in ("figure", "to") and field in row
        )
        target_model = row.get("to", {})
        if not same or target_model.get("model") != about.get("to") or target_model.get("scale", 1) != 1:
            continue
        if image_indices(row, results) != chosen:
            continue
        # `carlini_wagner` computes the unit of c from the gradient. Rows without it have c from 1.
        if row.get("attack", "").startswith("cw-") and row.get("c_scale") != "gradient":
            continue
        if figure == "success":
            found = {**row["outcomes"], "already_target": row.get("already_target", row.get("misread"))}
            if about["attack"] == "cw-l2":
                found["distance"] = round(row["distance_successes"], 3)
            elif row.get("distortion_successes") is not None and about["attack"] != "fgsm":
                found["features"] = round(features * row["distortion_successes"], 2)
            return found
        found = {field: row[field] for field in FIELDS[figure]}
        return {field: round(of, 6) if isinstance(of, float) else of for field, of in found.items()}
    return None


def is_same(theirs, ours):
    """Whether two values of a field are equal; numbers may differ by the rounding of 32 bits."""
    if isinstance(theirs, float) and not isinstance(ours, str):
        return abs(theirs - ours) < 1e-6
    return theirs == ours


def image_indices(row, results):
    """The test-set indices of a row's images: its own list, or the draw of its seed in drawn.json."""
    if "drawn" in row:
        return row["drawn"]
    draws = json.loads((results / "drawn.json").read_text())
    same = ("dataset", "seed", "images")
    return next((d["drawn"] for d in draws if all(d[of] == row[of] for of in same)), None)
