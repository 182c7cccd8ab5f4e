"""FGSM: one step of ε along the sign of ∇ₓ of the cross-entropy of softmax(z / T), clamped."""

import torch


def attack(network, images, labels, options, progress):
    """Moves each image away from its own class. Returns what `jsma.attack` does, without targets."""
    x = images.clone().requires_grad_()
    # The gradient of the loss with respect to the logits is (F − onehot(y)) / T. It is pulled back
    # as a constant cotangent. For the own class y, minus the sum of the other probabilities replaces
    # F_y − 1, which rounds to 0 earlier than they do (see src/attack/fgsm.rs).
    logits = network(x)
    cotangent = (logits.detach() / options.temperature).softmax(1)
    is_label = torch.zeros_like(cotangent).scatter_(1, labels[:, None], 1.0)
    others = (cotangent * (1 - is_label)).sum(1, keepdim=True)
    cotangent = torch.where(is_label > 0, -others, cotangent) / options.temperature
    gradient = torch.autograd.grad((logits * cotangent).sum(), x)[0]
    changed = (images + options.epsilon * gradient.sign()).clamp(0, 1)
    before, after = logits.argmax(1) != labels, network(changed).argmax(1) != labels
    vanished = ~gradient.flatten(1).any(1)

    def outcome(k):
        if before[k]:
            return "already-target"
        return "gradient-vanished" if vanished[k] else "fooled" if after[k] else "budget-spent"

    progress(f"{len(images)} attacks")
    return [{"image": k, "outcome": outcome(k)} for k in range(len(images))], changed
