#!/usr/bin/env python3
"""Golden values for tests/measure/statistics_test.cpp, by scipy, numpy and formulas written out here.

./dev oracle statistics writes tests/golden/measure/statistics.json.
"""
import json
import math
import pathlib

import numpy as np
from scipy import stats


def mcnemar(b, c):
    exact = stats.binomtest(min(b, c), b + c, 0.5).pvalue if b + c else 1.0
    return {"b": b, "c": c, "p": exact,
            "mid_p": min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5)) if b + c else 1.0}


def wilson(k, n):
    low, high = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    return {"k": k, "n": n, "low": low, "high": high}


def f1(answers, labels):
    classes = sorted(set(answers) | set(labels))
    each = {c: 2 * sum(a == l == c for a, l in zip(answers, labels)) / (answers.count(c) + labels.count(c)) for c in classes}
    return each.get(1, 0.0) if max(classes) < 2 else sum(each.values()) / len(each)


def mcc(answers, labels):
    k = max(answers + labels) + 1
    table = np.zeros((k, k))
    for a, l in zip(answers, labels):
        table[l, a] += 1
    n, right = table.sum(), np.trace(table)
    rows, columns = table.sum(1), table.sum(0)
    below = math.sqrt(n * n - (columns ** 2).sum()) * math.sqrt(n * n - (rows ** 2).sum())
    return (right * n - rows @ columns) / below if below else 0.0


def main():
    rng = np.random.default_rng(7)
    values = [round(float(v), 4) for v in rng.normal(size=41)]
    a = [round(float(v), 1) for v in rng.normal(size=60)]  # rounded, so that there are ties
    b = [round(x + float(v), 1) for x, v in zip(a, rng.normal(size=60))]
    two = [[int(v) for v in rng.integers(0, 2, 50)] for _ in range(2)]
    many = [[int(v) for v in rng.integers(0, 5, 80)] for _ in range(2)]
    p_values = [0.01, 0.04, 0.03, 0.005, 0.5]
    golden = {
        "values": values,
        "quantiles": [{"p": p, "value": float(np.quantile(values, p))} for p in (0, 0.025, 0.25, 0.5, 0.9, 0.99, 1)],
        "mcnemar": [mcnemar(*pair) for pair in ((0, 0), (1, 0), (5, 5), (3, 12), (40, 22), (700, 800), (0, 30))],
        "wilson": [wilson(*pair) for pair in ((0, 10), (10, 10), (9173, 10000), (1, 3))],
        "holm": {"p": p_values, "adjusted": [0.04, 0.09, 0.09, 0.025, 0.5]},
        "spearman": {"a": a, "b": b, "value": float(stats.spearmanr(a, b).statistic)},
        "classes": [{"answers": x, "labels": y, "f1": f1(x, y), "mcc": mcc(x, y)} for x, y in (two, many)],
        "student": {"values": values[:4], "half": float(stats.t.ppf(0.975, 3) * stats.sem(values[:4])),
                    "quantiles": [{"freedom": n, "value": float(stats.t.ppf(0.975, n))} for n in (1, 2, 9, 10, 11, 12, 20, 50, 1000)]},
    }
    (pathlib.Path(__file__).parents[1] / "golden/measure/statistics.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
