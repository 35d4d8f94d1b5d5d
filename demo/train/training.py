"""What the three demo networks share: train on Fashion-MNIST, choose the epoch, write the ONNX file.

The last 5,000 training images are the validation split. They alone choose which epoch's weights are kept;
the test images are looked at once, after that.
"""
import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from idx import DEBIAN_FOLDER, MEAN, SCALE, STD, read_split

VALIDATION = 5000


@dataclass
class Settings:
    """What one network is trained with: AdamW, one warm-up and one cosine descent to zero."""
    epochs: int
    peak_rate: float
    batch: int = 128
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    shift: int = 2  # pixels, each way, for augmentation
    bfloat16: bool = False  # forward and backward products; weights and validation stay float32
    seed: int = 1


def tensors(folder, name):
    images, labels = read_split(folder, name)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels)


def normalise(images):
    return (images.float() * SCALE - MEAN) / STD


def augment(images, shift):
    """Mirrors half of the images and moves each by up to `shift` pixels, black flowing in."""
    n = len(images)
    images = torch.where(torch.rand(n, 1, 1, 1) < 0.5, images.flip(3), images)
    padded = F.pad(images, (shift,) * 4)
    rows = torch.randint(0, 2 * shift + 1, (n, 1)) + torch.arange(28)
    columns = torch.randint(0, 2 * shift + 1, (n, 1)) + torch.arange(28)
    return padded[torch.arange(n)[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        right = sum((network(normalise(x)).argmax(1) == y).sum().item()
                    for x, y in zip(images.split(500), labels.split(500)))
    return right / len(labels)


def fit(network, images, labels, settings):
    """Trains in place and leaves the weights of the epoch that was best on the validation split."""
    split = len(labels) - VALIDATION
    steps = split // settings.batch
    total, warm = settings.epochs * steps, 2 * steps
    optimizer = torch.optim.AdamW(network.parameters(), settings.peak_rate, weight_decay=settings.weight_decay)
    schedule = lambda i: min(i / warm, 0.5 + 0.5 * math.cos(math.pi * max(0, i - warm) / (total - warm)))
    best, kept, step = -1.0, None, 0
    for epoch in range(settings.epochs):
        start, loss_sum = time.time(), 0.0
        network.train()
        for chosen in torch.randperm(split)[:steps * settings.batch].split(settings.batch):
            for group in optimizer.param_groups:
                group["lr"] = settings.peak_rate * schedule(step + 1)
            x = normalise(augment(images[chosen], settings.shift))
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
                logits = network(x)
            loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=settings.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            loss_sum, step = loss_sum + loss.item(), step + 1
        score = accuracy(network, images[split:], labels[split:])
        if score > best:
            best, kept = score, copy.deepcopy(network.state_dict())
        print(f"epoch {epoch + 1}/{settings.epochs}  loss {loss_sum / steps:.4f}  "
              f"validation {100 * score:.2f} %  {time.time() - start:.0f} s", flush=True)
    network.load_state_dict(kept)
    return best


def export(network, path):
    network.eval()
    torch.onnx.export(network, torch.zeros(1, 1, 28, 28), path, opset_version=17,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})


def main(make_network, settings, name):
    """What every training script runs: one seed, one thread, so the same machine gives the same file."""
    default = Path(__file__).resolve().parent.parent / "models" / f"{name}.onnx"
    flags = argparse.ArgumentParser(description=f"Trains the {name} of the demo on Fashion-MNIST.")
    flags.add_argument("data", nargs="?", default=DEBIAN_FOLDER, help="folder with the idx or idx.gz files")
    flags.add_argument("-o", "--output", default=str(default), help="ONNX file to write")
    flags.add_argument("--epochs", type=int, default=settings.epochs)
    given = flags.parse_args()
    settings.epochs = given.epochs

    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    network = make_network()
    print(f"{name}: {sum(p.numel() for p in network.parameters())} parameters, torch {torch.__version__}", flush=True)
    best = fit(network, *tensors(given.data, "train"), settings)
    export(network, given.output)
    test = accuracy(network, *tensors(given.data, "t10k"))
    print(f"{given.output}: validation {100 * best:.2f} %, test {100 * test:.2f} %")
