"""Getis-Ord Gi* over squares, with PySAL's esda. Runs in the child process only: esda takes seconds and 200 MB to import.

For each map the rate of a square and its eight neighbours together is compared with what comes out when the rates of all
other squares are dealt out at random. Rates are standardised for the residents they stand on (Assunção and Reis 1999), so
that a square with few residents is not hot by one complaint. Of all squares together those are named whose p-values pass the
procedure of Benjamini and Hochberg: of the squares named on a map about FALSE_SHARE are expected to be chance.
"""

import json
import os
import sys
import warnings

import numpy as np
from esda import fdr
from esda.getisord import G_Local
from esda.smoothing import assuncao_rate
from libpysal.weights import W

# Who looks at a page goes first.
os.nice(10)

FALSE_SHARE = 0.05
SEED = 20_261_101


def find(payload: bytes) -> bytes:
    """Of each map the hot squares: {"places": [[x, y]…], "residents": [r…] | null, "permutations", "maps": [[n…]…]}.

    The answer is a list a map of [index of the square, z, p]. A line of standard error after each map.
    """
    asked = json.loads(payload)
    residents = np.array(asked["residents"], float) if asked["residents"] else np.ones(len(asked["places"]))
    near = neighbours([tuple(place) for place in asked["places"]])
    answer = []
    for number, counts in enumerate(asked["maps"], start=1):
        answer.append(hot_squares(np.array(counts, float), residents, near, asked["permutations"]))
        print(number, file=sys.stderr, flush=True)  # noqa: T201 (the parent reads it as progress)
    return json.dumps(answer).encode()


def neighbours(places: list[tuple[int, int]]) -> dict[int, list[int]]:
    """For each square the squares that touch it, by edge or corner."""
    numbers = {place: number for number, place in enumerate(places)}
    around = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    return {
        number: [numbers[x + dx, y + dy] for dx, dy in around if (x + dx, y + dy) in numbers]
        for (x, y), number in numbers.items()
    }


def hot_squares(
    counts: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    residents: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    near: dict[int, list[int]],
    permutations: int,
) -> list[tuple[int, float, float]]:
    """(index, z, one-sided p) of the squares that are hotter than chance. Empty where all rates are the same."""
    rates = assuncao_rate(counts, residents)
    rates = rates - rates.min()  # Gi* is the same for rates that are all moved by one number
    if not rates.any() or not np.isfinite(rates).all():
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = G_Local(
            rates,
            W(near, silence_warnings=True),
            transform="B",
            star=True,
            permutations=permutations,
            keep_simulations=False,
            n_jobs=1,
            seed=SEED,
        )
    # esda gives the smaller tail; only the upper one is heat.
    p = np.where(found.Zs > 0, found.p_sim, 1.0)
    hot = np.flatnonzero(p < fdr(p, FALSE_SHARE))
    return [(int(at), round(float(found.Zs[at]), 3), float(p[at])) for at in hot]
