"""How good suggestions of duplicates are on labelled towns (`./run bench duplicates`); `--fit` finds the model's weights.

For each report of a town, in time order, the earlier ones within reach are scored; the best three over the threshold are
what would be shown. Recall at 3: of the reports whose thing had been reported before, how many were shown one of those.
Wrong: of all that was shown, how much was about something else.
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict

import django

TARGET_RECALL, TARGET_WRONG = 0.8, 0.2
FITTED_ON, JUDGED_ON = range(100, 106), range(1, 7)


def main() -> int:
    """Print one JSON object; exit status 0 if both targets were met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print weights fitted on other towns than those judged")
    options = parser.parse_args()
    django.setup()
    if options.fit:
        print(json.dumps(_fit()))
        return 0
    from complaints.demo.judging import judge

    judged = [judge(seed) for seed in JUDGED_ON]
    recall = sum(j.found for j in judged) / sum(j.findable for j in judged)
    wrong = sum(j.wrong for j in judged) / sum(j.shown for j in judged)
    by_languages: dict[str, list[bool]] = defaultdict(list)
    for j in judged:
        for pair, hits in j.by_languages.items():
            by_languages[pair] += hits
    report = {
        "recall_at_3": round(recall, 3),
        "wrong_share": round(wrong, 3),
        "target_recall": TARGET_RECALL,
        "target_wrong": TARGET_WRONG,
        "towns": len(judged),
        "reports": sum(j.reports for j in judged),
        "findable": sum(j.findable for j in judged),
        "shown": sum(j.shown for j in judged),
        "recall_by_languages": {
            pair: {"n": len(hits), "recall": round(statistics.mean(hits), 3)}
            for pair, hits in sorted(by_languages.items())
        },
        "microseconds_a_pair": round(statistics.median(j.microseconds for j in judged), 1),
        "ok": recall >= TARGET_RECALL and wrong <= TARGET_WRONG,
    }
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def _fit() -> dict[str, float]:
    """Logistic regression by Newton's method, a little regularised, on all pairs within reach."""
    import numpy as np

    from complaints.demo.judging import COMMON, pairs
    from complaints.duplicates import compare

    rows, labels, names = [], [], []
    for seed in FITTED_ON:
        for one, other in pairs(seed):
            features, _ = compare(one.facts, other.facts, common=COMMON)
            names = list(features)
            rows.append([1.0, *features.values()])
            labels.append(float(one.thing == other.thing))
    x, y = np.array(rows), np.array(labels)
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (y - p) - 0.5 * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 0.5 * np.eye(len(w))
        w += np.linalg.solve(hessian, gradient)
    return {name: round(float(value), 2) for name, value in zip(["bias", *names], w, strict=True)}


if __name__ == "__main__":
    sys.exit(main())
