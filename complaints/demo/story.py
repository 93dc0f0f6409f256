"""What a made-up complaint is and how it fares: drawn from its number and a seed alone, so any part can be made again. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

MONTHS = 24
# How a month of the year weighs for a service, January first; services not named are even.
_SEASONS = {
    "cleanliness": (8, 8, 9, 9, 10, 12, 15, 16, 12, 9, 8, 8),
    "lighting": (14, 12, 10, 8, 7, 6, 6, 6, 8, 10, 12, 14),
    "roads": (14, 14, 13, 10, 8, 6, 5, 5, 6, 9, 12, 14),
    "water": (13, 12, 10, 8, 7, 7, 9, 9, 7, 8, 11, 13),
    "green-spaces": (4, 5, 9, 12, 14, 13, 12, 11, 8, 6, 4, 4),
}
_SERVICE_WEIGHTS = {
    "cleanliness": 30,
    "roads": 18,
    "lighting": 15,
    "water": 11,
    "public-transport": 9,
    "green-spaces": 8,
    "security": 6,
}
# Hours of the local day at which people write.
_HOURS = (7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 15, 16, 17, 18, 18, 19, 19, 20, 20, 21, 22)


# Nobody is waited for longer than this.
_PATIENCE_HOURS = 45 * 24


@dataclass(frozen=True)
class Fate:
    """What happens to a complaint, as hours after filing; None never happens (or not yet)."""

    accept: float | None
    answer: float | None
    start: float | None
    end: float | None
    how: str  # resolve, reject, out_of_scope, withdraw, ask or nothing
    after: str  # confirm, contest or nothing: what the reporter says of a resolution
    late: bool


def seen_at(fate: Fate, age: float) -> Fate:
    """The same fate `age` hours after filing: what would come later has not happened yet."""

    def past(hours: float | None) -> float | None:
        return hours if hours is not None and hours < age else None

    return replace(fate, accept=past(fate.accept), answer=past(fate.answer), start=past(fate.start), end=past(fate.end))


@dataclass(frozen=True)
class Story:
    """One made-up complaint. `hot_spot` picks the neighbourhood; `twin_of` names an earlier story about the same thing."""

    number: int
    at: datetime
    service: str
    category_draw: float
    hot_spot: int | None
    spread: tuple[float, float]
    place_draw: tuple[float, float]
    twin_of: int | None
    language: str
    text_draw: float
    has_photo: bool
    fate: Fate


def story(number: int, *, seed: int, until: datetime, services: list[str], hot_spots: int) -> Story:
    """Story `number` of a seed, filed within the 24 months before `until` (aware)."""
    rng = Random(f"{seed}:{number}")
    twin = number - rng.randint(1, 40) if number > 40 and rng.random() < 0.09 else None
    service = rng.choices(services, [_SERVICE_WEIGHTS.get(code, 3) for code in services])[0]
    at = _moment(rng, service, until)
    return Story(
        number=number,
        at=at,
        service=service,
        category_draw=rng.random() ** 1.6,
        hot_spot=_zipf(rng, hot_spots) if rng.random() < 0.7 else None,
        spread=(rng.gauss(0, 1), rng.gauss(0, 1)),
        place_draw=(rng.random(), rng.random()),
        twin_of=twin,
        language=rng.choices(["fr", "ar", "en"], [52, 45, 3])[0],
        text_draw=rng.random(),
        has_photo=rng.random() < 0.08,
        fate=_fate(rng, (until - at).total_seconds() / 3600),
    )


def _moment(rng: Random, service: str, until: datetime) -> datetime:
    """More in the season, more of late than two years ago, in waking hours."""
    seasons = _SEASONS.get(service, (10,) * 12)
    for _ in range(40):
        days = MONTHS * 30.4 * (1 - rng.random() ** 0.8)
        day = (until - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        if rng.random() * 16 < seasons[day.month - 1]:
            break
    at = day + timedelta(hours=rng.choice(_HOURS), minutes=rng.randint(0, 59), seconds=rng.randint(0, 59))
    return at if at < until else until - timedelta(minutes=rng.randint(5, 600))


def _zipf(rng: Random, count: int) -> int:
    return rng.choices(range(count), [1 / (rank + 1) for rank in range(count)])[0]


def _fate(rng: Random, age: float) -> Fate:
    """Times are in hours; what would lie in the future has not happened yet."""
    late = rng.random() < 0.22
    accept = rng.expovariate(1 / 9) + 0.3
    answer = accept + rng.expovariate(1 / (60 if late else 16))
    start = answer + rng.expovariate(1 / 20)
    end = start + (rng.uniform(160, 700) if late else rng.uniform(6, 90))
    how = rng.choices(
        ["resolve", "reject", "out_of_scope", "withdraw", "ask", "nothing"], [76, 8, 4, 2, 4, 6 if age < 2000 else 0.4]
    )[0]
    if how == "ask" and age > _PATIENCE_HOURS:
        how = "resolve"
    after = rng.choices(["nothing", "confirm", "contest"], [60, 33, 7])[0]

    return seen_at(Fate(accept, answer, start, end, how, after, late), age)
