"""Weights of the reader's rules, fitted to gold: how much each rule says about whether a reading is right.

Run: python bench/fit_trust.py [FOLDER …] [--write] [--threshold T]
Each reading is a row, each rule a column; a logistic regression with a ridge gives the log odds. It prints what a
threshold would accept in each hand when fitted to all others, and with --write puts weights fitted to all hands
into `tasks/extraction/relations/trust.toml`.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_reading import Hand, find_folders, is_number, load_hand, read_hand, reduce_row

ROOT = Path(__file__).parents[1]
_RIDGE = 1.0
_RARE = 4
_STEPS = 30
_STILL = 1e-6
_DOUBT = -4.5
_GUESS = -2.0
Sample = tuple[frozenset[str], bool]


def collect(hand: Hand) -> list[Sample]:
    """Each reading of a hand, accepted or doubtful: its rules, and whether the gold has it."""
    samples = []
    for doc, reading in hand.readings.items():
        for frame in (reading.figures, reading.doubtful):
            for row in frame.to_dicts():
                reduced = reduce_row(row)
                if is_number(reduced) and "another value" not in str(row.get("doubt", "")):
                    samples.append((frozenset(str(row["rule"]).split()), reduced in hand.gold[doc]))
    return samples


def fit(samples: list[Sample]) -> tuple[float, dict[str, float]]:
    """Bias and weight by rule: penalised maximum likelihood by Newton's method."""
    counts = Counter(rule for rules, _ in samples for rule in rules)
    names = sorted(rule for rule, n in counts.items() if n >= _RARE)
    x = np.array([[1.0, *(name in rules for name in names)] for rules, _ in samples])
    y = np.array([float(right) for _, right in samples])
    penalty = np.diag([0.0, *([_RIDGE] * len(names))])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - penalty @ weights
        curvature = (x.T * (p * (1 - p))) @ x + penalty + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < _STILL:
            break
    return float(weights[0]), dict(zip(names, map(float, weights[1:]), strict=True))


def predict(bias: float, weights: dict[str, float], rules: frozenset[str]) -> float:
    """The chance that a reading by these rules is right."""
    return float(1 / (1 + np.exp(-(bias + sum(weights.get(rule, 0.0) for rule in rules)))))


def main() -> None:
    """Fit, print what leaving one hand out gives, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--threshold", type=float, default=0.75)
    options = parser.parse_args()
    hands = [load_hand(folder) for folder in (options.folders or find_folders())]
    for hand in hands:
        read_hand(hand, find_heads=False)
    samples = {hand.name: collect(hand) for hand in hands}
    judged = [pair for name in samples for pair in judge_hand(samples, name)]
    for threshold in (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95):
        print(f"threshold {threshold}: {count(judged, threshold)}")
    bias, weights = fit([s for name in samples for s in samples[name]])
    if options.write:
        write(bias, weights, options.threshold)


def judge_hand(samples: dict[str, list[Sample]], name: str) -> list[tuple[float, bool]]:
    """The chance of each reading of a hand by weights fitted to all others, and whether it is right."""
    bias, weights = fit([s for other, rows in samples.items() if other != name for s in rows])
    return [(predict(bias, weights, rules), is_right) for rules, is_right in samples[name]]


def count(judged: list[tuple[float, bool]], threshold: float) -> str:
    """Precision of what a threshold accepts of the hands left out, and the right readings that it doubts."""
    taken = [is_right for chance, is_right in judged if chance >= threshold]
    lost = sum(is_right for chance, is_right in judged if chance < threshold)
    return f"accepted {len(taken)}, right {sum(taken) / max(len(taken), 1):.4f}; right but doubted {lost}"


def write(bias: float, weights: dict[str, float], threshold: float) -> None:
    """Put the weights into the reader's data."""
    weights["doubt.guess"] = min(weights.get("doubt.guess", _GUESS), _GUESS)
    weights |= {
        name: min(weight, _DOUBT)
        for name, weight in weights.items()
        if name in {"doubt.unknown_noun", "doubt.negation"}
    }
    weights = {"doubt.unknown_noun": _DOUBT, "doubt.negation": _DOUBT} | weights
    lines = [
        "# How much each rule says about whether a reading is right: log odds, fitted by bench/fit_trust.py.",
        f"bias = {bias:.3f}",
        f"threshold = {threshold}",
        "",
        "[weights]",
        *(f'"{name}" = {weight:.3f}' for name, weight in sorted(weights.items())),
    ]
    path = ROOT / "tasks" / "extraction" / "relations" / "trust.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
