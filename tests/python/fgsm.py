"""FGSM: one step of ε along the sign of ∇ₓ of the cross-entropy of softmax(z / T), clamped."""

import torch


def attack(network, images, labels, options, progress):
    """Leads each image away from its own class. Gives what `jsma.attack` gives."""
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

    progress(f"{len(images)} attacks")
    return [{"image": k, "outcome": outcome(k)} for k in range(len(images))], changed
