"""Is this the same thing as that? A score with its reasons, from place, category, time, words and photos. Pure.

The score is a probability: a logistic model whose weights were fitted on towns of the labelled set
(`./run bench duplicates --fit`), and are judged on others (`./run bench duplicates`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import exp

from django.contrib.gis.geos import Point

from complaints.likeness import SAME_PICTURE_BITS, picture_distance, text_likeness
from complaints.places import metres_between

# Farther apart, and it is not looked at.
RADIUS_M = 150
# What is still not mended after two weeks is no less the same thing after ten.
LONGEST_AGO_DAYS = 14
# What is shown: at most so many, each at least so likely.
SHOWN = 3
THRESHOLD = 0.5


@dataclass(frozen=True)
class Facts:
    """What is known of a report by whoever asks: never more than she may see. `looks`: perceptual hashes of photos."""

    point: Point
    service_id: int
    category_id: int
    submitted_at: datetime
    text: str = ""
    looks: tuple[int, ...] = ()


class Why(StrEnum):
    """A reason for (or, for a negative weight, against) a suggestion."""

    PLACE = "place"
    CATEGORY = "category"
    TIME = "time"
    WORDS = "words"
    PHOTO = "photo"


@dataclass(frozen=True)
class Likeness:
    """How likely two reports are about one thing, and why: each reason with what it adds on the model's scale."""

    score: float
    metres: float
    reasons: dict[Why, float] = field(default_factory=dict)


# Fitted; see the head of this module.
WEIGHTS = {
    "bias": 2.21,
    "near": 2.12,
    "far": -4.25,
    "same_category": 1.11,
    "other_service": -3.78,
    "days": -2.24,
    "names": 2.01,
    "other_names": -0.48,
    "photo": 2.03,
}


def likeness(one: Facts, other: Facts, *, common: frozenset[str] = frozenset()) -> Likeness:
    """Compare two reports. Symmetric. `common`: words that name categories (likeness.vocabulary) and set nothing apart."""
    features, metres = compare(one, other, common=common)
    parts = {name: WEIGHTS[name] * value for name, value in features.items()}
    total = WEIGHTS["bias"] + sum(parts.values())
    reasons = {
        Why.PLACE: parts["near"] + parts["far"],
        Why.CATEGORY: parts["same_category"] + parts["other_service"],
        Why.TIME: parts["days"],
        Why.WORDS: parts["names"] + parts["other_names"],
        Why.PHOTO: parts["photo"],
    }
    return Likeness(1 / (1 + exp(-total)), metres, {why: part for why, part in reasons.items() if part})


def compare(one: Facts, other: Facts, *, common: frozenset[str] = frozenset()) -> tuple[dict[str, float], float]:
    """The model's features of a pair, and the metres between them."""
    metres = metres_between(one.point, other.point)
    names = text_likeness(one.text, other.text, without=common)
    days = abs((one.submitted_at - other.submitted_at).total_seconds()) / 86_400
    same_photo = any(
        picture_distance(mine, theirs) <= SAME_PICTURE_BITS for mine in one.looks for theirs in other.looks
    )
    return {
        "near": exp(-metres / 25),
        "far": metres / 100,
        "same_category": float(one.category_id == other.category_id),
        "other_service": float(one.service_id != other.service_id),
        "days": min(days, LONGEST_AGO_DAYS) / 10,
        "names": names or 0.0,
        "other_names": float(names is not None and names < 0.1),
        "photo": float(same_photo),
    }, metres
