"""A town's reports of which it is known what each is about: the set by which suggestions of duplicates are judged. Pure.

Made to be hard where towns are: phones place a pin tens of metres off, people choose a neighbouring category, write
nothing, or write in another language; and like things lie near each other without being the same thing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, radians
from random import Random

from django.contrib.gis.geos import Point

from complaints.demo.things import KINDS, Thing, new_thing, spoken_language, tell
from complaints.duplicates import Facts

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
_CENTRE = (-5.3684, 35.5727)
_METRE = 1 / 111_320
# Two categories of each service; people take the wrong one of them now and then, or one of another service.
_WRONG_CATEGORY, _WRONG_SERVICE = 0.12, 0.03
_SIDE_M = 1300


# The words by which a catalogue's categories are found: they tell what, not where.
CATEGORY_WORDS = (
    "trou nid de poule chaussee route tri9 7ofra m7afra hofra حفرة حفر طريق الشارع زنقة zen9a chari3 pothole hole road street",
    "bac poubelle ordures conteneur dechets sacs zbel 3amer tro poubella حاوية أزبال الأزبال قمامة القمامة ممتلئة bin rubbish",
    "lampadaire eclairage lumiere ampoule rue noir do dow lampa poto dlam مصباح إنارة الإنارة عمود ظلام معطل light lamp",
    "fuite eau canalisation trottoir lma tub ماء الماء تسرب أنبوب رصيف الرصيف water leak pipe pavement",
    "arbre branche branches chejra ghsen aghsan شجرة غصن أغصان tree branch panne cassee casse mherres مكسور khasra",
)


@dataclass(frozen=True)
class LabelledReport:
    """One report and the number of the thing it is about; `language` is None where it says nothing."""

    number: int
    thing: int
    facts: Facts
    language: str | None


def labelled_reports(seed: int, *, things: int = 250, days: int = 60) -> list[LabelledReport]:
    """The reports of a town in two months, oldest first."""
    rng = Random(f"labelled:{seed}")
    found = [report for number in range(things) for report in _reports_of(number, seed, rng, days)]
    return sorted(found, key=lambda report: report.facts.submitted_at)


def _reports_of(number: int, seed: int, rng: Random, days: int) -> Iterator[LabelledReport]:
    thing = new_thing(rng, _kind(number, seed))
    east, north = _spot(number, seed)
    begun = START + timedelta(days=rng.uniform(0, days))
    for teller in range(rng.choices((1, 2, 3, 4, 6), (52, 27, 12, 6, 3))[0]):
        at = begun + timedelta(days=rng.expovariate(1 / 7) if teller else 0)
        yield _report(number * 10 + teller, number, thing, (east, north), at, rng)


def _kind(number: int, seed: int) -> str:
    """Beside a thing there is often its like; at the very same spot, something else."""
    rng = Random(f"kind:{seed}:{number}")
    drawn = rng.choices(KINDS, (28, 32, 18, 12, 10))[0]
    how = _where(number, seed)
    if how == "alone":
        return drawn
    before = _kind(number - 1, seed)
    if how == "beside":
        return before if rng.random() < 0.6 else drawn
    return drawn if drawn != before else KINDS[(KINDS.index(drawn) + 1) % len(KINDS)]


def _spot(number: int, seed: int) -> tuple[float, float]:
    """Metres from the corner. Things of a town crowd: beside the one before (the next hole of the street), or right there."""
    rng = Random(f"spot:{seed}:{number}")
    how = _where(number, seed)
    if how == "alone":
        return rng.uniform(0, _SIDE_M), rng.uniform(0, _SIDE_M)
    east, north = _spot(number - 1, seed)
    if how == "there":
        return east + rng.gauss(0, 4), north + rng.gauss(0, 4)
    return east + rng.choice((-1, 1)) * rng.uniform(25, 120), north + rng.choice((-1, 1)) * rng.uniform(15, 90)


def _where(number: int, seed: int) -> str:
    """How a thing lies to the one before it."""
    if number == 0:
        return "alone"
    return Random(f"where:{seed}:{number}").choices(("alone", "beside", "there"), (48, 37, 15))[0]


def _report(
    number: int, label: int, thing: Thing, spot: tuple[float, float], at: datetime, rng: Random
) -> LabelledReport:
    spread = rng.choices((9, 25, 70), (66, 28, 6))[0]
    east, north = spot[0] + rng.gauss(0, spread), spot[1] + rng.gauss(0, spread)
    point = Point(_CENTRE[0] + east * _METRE / cos(radians(_CENTRE[1])), _CENTRE[1] + north * _METRE, srid=4326)
    service = KINDS.index(thing.kind)
    if rng.random() < _WRONG_SERVICE:
        service = rng.randrange(len(KINDS))
    language = spoken_language(rng) if rng.random() < 0.75 else None
    facts = Facts(
        point=point,
        service_id=service,
        category_id=service * 2 + ((label % 3 == 0) ^ (rng.random() < _WRONG_CATEGORY)),
        submitted_at=at,
        text=tell(thing, language, rng) if language else "",
        looks=_looks(label, rng),
    )
    return LabelledReport(number, label, facts, language)


def _looks(label: int, rng: Random) -> tuple[int, ...]:
    """Hashes of its photos: most are the teller's own; one in four is a picture that went round the neighbourhood."""
    if rng.random() > 0.35:
        return ()
    if rng.random() < 0.25:
        shared = Random(f"picture:{label}").getrandbits(64)
        for _ in range(rng.randint(0, 3)):
            shared ^= 1 << rng.randrange(64)
        return (shared,)
    return (rng.getrandbits(64),)
