#!/usr/bin/python3
"""Golden values for tests/measure/scores_test.cpp: metrics of labels by scikit-learn, PyTorch and SciPy (Debian's).

./dev oracle scores writes tests/golden/measure/scores.json: what models gave for samples, their labels, and the figures.
"""
import json
import pathlib

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn import metrics

IGNORED = -100  # a label that does not count, as PyTorch has it


def short(array):
    """Numbers of few digits that float32 holds exactly."""
    return (np.round(np.asarray(array) * 1024) / 1024).astype(np.float32)


def plain(array):
    return array.ravel().tolist()


def rows(rng, count, classes, noise):
    """Logits that lean towards the labels, and the labels."""
    labels = rng.integers(0, classes, count)
    logits = rng.normal(0, noise, (count, classes))
    logits[np.arange(count), labels] += 1
    return short(logits), labels


def classification(rng, classes):
    """One label a sample."""
    logits, labels = rows(rng, 80, classes, 0.7)
    answers = logits.argmax(1)
    named = list(range(classes))
    figures = {"accuracy": metrics.accuracy_score(labels, answers), "top1": metrics.accuracy_score(labels, answers),
               "f1": metrics.f1_score(labels, answers, average="binary" if classes == 2 else "macro"),
               "mcc": metrics.matthews_corrcoef(labels, answers)}
    if classes > 5:
        figures["top5"] = metrics.top_k_accuracy_score(labels, logits, k=5, labels=named)
    return {"classes": classes, "positions": 1, "logits": plain(logits), "labels": labels.tolist(), "figures": figures}


def tokens(rng):
    """Seven labels a sample, some of which do not count, by their label or by the sample's mask."""
    samples, positions, classes = 12, 7, 9
    logits, labels = rows(rng, samples * positions, classes, 1.0)
    labels[rng.random(labels.size) < 0.2] = IGNORED
    mask = rng.random(labels.size) < 0.8
    counted = np.where(mask, labels, IGNORED)
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(counted), ignore_index=IGNORED)
    kept = counted != IGNORED
    return {"classes": classes, "positions": positions, "logits": plain(logits), "labels": labels.tolist(), "mask": mask.tolist(),
            "figures": {"perplexity": float(torch.exp(loss)),
                        "accuracy": metrics.accuracy_score(counted[kept], logits[kept].argmax(1)),
                        "top5": metrics.top_k_accuracy_score(counted[kept], logits[kept], k=5, labels=list(range(classes)))}}


def language(rng):
    """Every position counts, logits are large."""
    samples, positions, classes = 5, 6, 11
    logits, labels = rows(rng, samples * positions, classes, 1.0)
    logits *= np.float32(40)
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    return {"classes": classes, "positions": positions, "logits": plain(logits), "labels": labels.tolist(),
            "figures": {"perplexity": float(torch.exp(loss))}}


def similarity(rng):
    """Embeddings of pairs of texts, one for each of four positions; labels with ties."""
    pairs, positions, width = 30, 4, 8
    first = short(rng.normal(size=(pairs, positions, width)))
    second = short(first + rng.normal(0, 1.5, first.shape))
    mean = [torch.from_numpy(side).double().mean(1) for side in (first, second)]
    said = torch.nn.functional.cosine_similarity(*mean).numpy()
    labels = np.round(said * 4 + rng.normal(0, 1, pairs))
    return {"positions": positions, "width": width, "first": plain(first), "second": plain(second), "labels": labels.tolist(),
            "figures": {"spearman": float(spearmanr(said, labels).correlation)}}


def regression(rng):
    outputs, labels = (short(rng.normal(size=(25, 6))) for _ in range(2))
    return {"width": 6, "outputs": plain(outputs), "labels": plain(labels),
            "figures": {"mae": float(metrics.mean_absolute_error(labels.astype(np.float64), outputs.astype(np.float64)))}}


def main():
    rng = np.random.default_rng(23)
    golden = {"classification": [classification(rng, classes) for classes in (2, 4, 10)], "tokens": [tokens(rng), language(rng)],
              "similarity": similarity(rng), "regression": regression(rng)}
    (pathlib.Path(__file__).parents[1] / "golden/measure/scores.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
