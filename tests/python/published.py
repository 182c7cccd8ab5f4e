"""Reads the data sets, the manifest and the networks independently of the crate, with PyTorch."""

import gzip
import hashlib
import json

import numpy as np
import torch
from safetensors.torch import load as load_safetensors
from torch import nn
from torch.nn import functional

CLASSES = 10


def read_test_set(data, dataset):
    """10,000 images as float32 [n, channels, height, width] in [0, 1], and their labels."""
    folder = data / dataset
    if dataset == "cifar10":
        from PIL import Image

        # The PNG has 10,000 rows; each row is an image of 1,024 coloured pixels.
        Image.MAX_IMAGE_PIXELS = None
        sheet = np.asarray(Image.open(folder / "test_batch.png").convert("RGB"))
        images = torch.tensor(sheet.reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2)
        labels = json.loads((folder / "test_lables.json").read_text())
        return images.float().contiguous() / 255, torch.tensor(labels)
    images = read_idx(folder / "t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    labels = read_idx(folder / "t10k-labels-idx1-ubyte", 8)
    return torch.tensor(images).float() / 255, torch.tensor(labels).long()


def read_idx(path, header):
    """The bytes of an IDX file, gzipped or not, after a header of `header` bytes."""
    zipped = path.with_name(path.name + ".gz")
    content = path.read_bytes() if path.exists() else gzip.decompress(zipped.read_bytes())
    return np.frombuffer(content, dtype=np.uint8)[header:].copy()


# Image channels, feature maps of the first and second two convolutions, inputs and width of the dense
# layers; and for each channel the mean and standard deviation that normalise the pixels.
SHAPES = {
    "mnist": (1, 32, 64, 1024, 200, [0.0], [1.0]),
    "cifar10": (3, 64, 128, 3200, 256, [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
}


class Network(nn.Module):
    """A network of Papernot et al. 2015, Table I: takes pixels in [0, 1], returns logits times `scale`."""

    def __init__(self, dataset, scale=1.0):
        super().__init__()
        channels, first, second, flat, dense, mean, std = SHAPES[dataset]
        self.conv1 = nn.Conv2d(channels, first, 3)
        self.conv2 = nn.Conv2d(first, first, 3)
        self.conv3 = nn.Conv2d(first, second, 3)
        self.conv4 = nn.Conv2d(second, second, 3)
        self.fc1 = nn.Linear(flat, dense)
        self.fc2 = nn.Linear(dense, dense)
        self.fc3 = nn.Linear(dense, CLASSES)
        self.mean, self.std = (torch.tensor(of).view(-1, 1, 1) for of in (mean, std))
        self.scale = scale

    def forward(self, x):
        x = (x - self.mean) / self.std
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = functional.max_pool2d(x, 2)
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        x = functional.max_pool2d(x, 2).flatten(1)
        return self.scale * self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def load_network(folder, entry, scale=1.0):
    """Loads the network of a manifest entry. Raises ValueError if the file differs from the entry."""
    path = folder / entry["file"]
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
    network = Network(entry["dataset"], scale)
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"{path.name} does not fit the network: {error}") from error
    parameters = sum(tensor.numel() for tensor in weights.values())
    if parameters != entry["parameters"]:
        raise ValueError(f"{path.name} has {parameters} parameters")
    return network.eval().requires_grad_(False)


def count_correct(network, images, labels):
    """How many images the network classifies correctly."""
    return sum(
        int((network(images[i : i + 500]).argmax(1) == labels[i : i + 500]).sum())
        for i in range(0, len(images), 500)
    )
