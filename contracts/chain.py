"""The chain of a ledger: what is hashed of an entry, and the line by which a day's head leaves the database. Pure.

An entry's hash is SHA-256 over a text that names every column and begins with the hash before it. To change one entry
unnoticed, all later ones must be made anew; and then the head that was mailed that evening does not fit any more.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

FORMAT = "geoportal-ledger-1"


@dataclass(frozen=True)
class Content:
    """All columns of an entry but its hashes, as plain values."""

    city: str
    seq: int
    at: datetime
    day: date
    kind: str
    contract: int
    period: date
    amount_centimes: int
    finding: int | None
    decision: int | None
    cause: int | None
    turnover: int | None
    order: int | None
    payment: int | None
    actor: int
    facts: Mapping[str, Any]


def genesis(city: str) -> str:
    """What the first entry of a city follows."""
    return hashlib.sha256(f"{FORMAT}:{city}".encode()).hexdigest()


def entry_hash(content: Content, previous_hash: str) -> str:
    """The hash of an entry that follows `previous_hash`."""
    values: dict[str, Any] = dict(vars(content))
    values |= {
        "at": content.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "day": content.day.isoformat(),
        "period": content.period.isoformat(),
        "facts": dict(content.facts),
    }
    text = json.dumps([FORMAT, previous_hash, values], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def facts_hash(facts: Mapping[str, Any]) -> str:
    """The hash of a piece of evidence that is made of facts."""
    text = json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Head:
    """The chain of a city at the end of a day."""

    city: str
    day: date
    count: int
    hash: str

    def line(self) -> str:
        """The head as one line of text: `ledger-head tetouan 2026-11-23 152 4be1…`."""
        return f"ledger-head {self.city} {self.day.isoformat()} {self.count} {self.hash}"


_LINE = re.compile(r"\bledger-head ([a-z0-9-]{1,60}) (\d{4}-\d\d-\d\d) (\d{1,18}) ([0-9a-f]{64})\b")


def read_heads(text: str) -> Iterator[Head]:
    """Every head in a text: an export, a mail as it was received, or several of them one after the other."""
    # A mail's transport may have broken the long line ("=\n" in quoted-printable), or quoted it ("> ").
    unfolded = re.sub(r"=\r?\n", "", text)
    for city, day, count, value in _LINE.findall(unfolded):
        try:
            yield Head(city, date.fromisoformat(day), int(count), value)
        except ValueError:
            continue
