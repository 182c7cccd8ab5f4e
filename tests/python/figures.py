"""What is counted: the same figures as in results/, from attacks and gradients made here."""

import json

import numpy as np
import torch

from published import CLASSES

OUTCOMES = ["fooled", "budget-spent", "no-admissible-pair", "gradient-vanished", "already-target"]
EDGES = [1e-40, 1e-35, 1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1e-3]


def success(runs, images, state, attack):
    """How many attacks ended how, and of those that fooled what they changed in the mean."""
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
    """ρ_adv: the least share of features over the nine targets; an image never fooled is at the cap."""
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


def transfer(runs, state, reader, images, labels):
    """Of the attacks that succeeded on images that the reader reads, those that it is fooled by too."""
    before = reader(images).argmax(1)
    shown = [i for i, run in enumerate(runs)
             if run["outcome"] == "fooled" and before[run["image"]] == labels[run["image"]]]
    if not shown:
        return {"shown": 0, "reached": 0, "misread": 0}
    after = torch.cat([reader(state[shown[i : i + 250]]).argmax(1) for i in range(0, len(shown), 250)])
    targets = torch.tensor([runs[i]["target"] for i in shown])
    shows = torch.stack([labels[runs[i]["image"]] for i in shown])
    return {
        "shown": len(shown),
        "reached": int((after == targets).sum()),
        "misread": int((after != shows).sum()),
    }


def amplitude(network, images, progress):
    """Images by the mean of |∂F_j/∂x_i| over outputs and features, F = softmax(z) in float32."""
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


# The same figures as this project's results have them.

FILES = {"amplitude": "amplitude.json", "robustness": "robustness.json", "transfer": "transfer.json"}
FIELDS = {
    "amplitude": ["counts", "zero"],
    "robustness": ["measured", "misread", "failures", "gradient_vanished", "robustness"],
    "transfer": ["shown", "reached", "misread"],
}


def published(results, about, chosen, features):
    """What the results say of the same figure on the same file and images; None if nothing."""
    figure = about["figure"]
    file = "fgsm.json" if about.get("attack") == "fgsm" and figure == "success" else "success.json"
    for row in json.loads((results / FILES.get(figure, file)).read_text()):
        same = all(
            is_same(row.get(field), about[field]) for field in about
            if field not in ("figure", "to") and field in row
        )
        reader = row.get("to", {})
        if not same or reader.get("model") != about.get("to") or reader.get("scale", 1) != 1:
            continue
        if drawn(row, results) != chosen:
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
    if isinstance(theirs, float) and not isinstance(ours, str):
        return abs(theirs - ours) < 1e-6
    return theirs == ours


def drawn(row, results):
    """The test images of a row: its own list, or what its seed draws, which drawn.json has."""
    if "drawn" in row:
        return row["drawn"]
    draws = json.loads((results / "drawn.json").read_text())
    same = ("dataset", "seed", "images")
    return next((d["drawn"] for d in draws if all(d[of] == row[of] for of in same)), None)
