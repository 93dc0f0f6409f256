"""What a breach costs: rate, days, index, limits. Pure, in whole centimes; the same facts always give the same centime.

- `per day late`: each day of 24 hours that has begun after the deadline (and its grace) counts, until the thing was done, or
  until the finding was opened if it was not done by then.
- An indexed amount is amount × index ÷ base, rounded to the centime, half up. The index is that of the month of the breach, or
  the last one published before it.
- The cap of a month is rounded down, in favour of who pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Self

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calculation:
    """How an amount came about; its `facts` are stored with the decision and the ledger's entry."""

    clause: str
    version: int
    unit_centimes: int
    days: int | None
    index: str
    index_base: str
    index_month: str
    most_centimes: int | None
    amount_centimes: int

    def facts(self) -> dict[str, str | int]:
        """Texts and whole numbers only: the same after a trip through the database. What is not there is left out."""
        return {name: value for name, value in vars(self).items() if value not in (None, "")}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """A calculation read back from its facts."""
        empty: dict[str, Any] = {"days": None, "index": "", "index_base": "", "index_month": "", "most_centimes": None}
        return cls(**(empty | dict(facts)))


@dataclass(frozen=True)
class Rule:
    """A clause, as far as its money goes."""

    clause: str
    version: int
    per_day: bool
    amount_centimes: int
    most_centimes: int | None
    index_base: Decimal | None


@dataclass(frozen=True)
class Index:
    """A published value and its month."""

    month: date
    value: Decimal


def days_late(counted_from: datetime, counted_to: datetime) -> int:
    """Days of 24 hours begun between the end of grace and the end of the lateness; at least 1 for a breach."""
    return max(1, -((counted_from - counted_to) // ONE_DAY))


def calculate(rule: Rule, *, days: int | None, index: Index | None) -> Calculation:
    """What one finding costs under a rule. `days` None: the rule is per complaint. `index` None: nothing was published yet."""
    unit = rule.amount_centimes
    indexed = rule.index_base is not None and index is not None
    if rule.index_base is not None and index is not None:
        unit = rounded(Decimal(unit) * index.value / rule.index_base)
    amount = unit * (days or 0) if rule.per_day else unit
    if rule.most_centimes is not None:
        amount = min(amount, rule.most_centimes)
    return Calculation(
        clause=rule.clause,
        version=rule.version,
        unit_centimes=unit,
        days=days if rule.per_day else None,
        index=plain(index.value) if indexed and index else "",
        index_base=plain(rule.index_base) if indexed and rule.index_base else "",
        index_month=f"{index.month:%Y-%m}" if indexed and index else "",
        most_centimes=rule.most_centimes,
        amount_centimes=amount,
    )


def monthly_cap(*, percent: Decimal | None, fixed_centimes: int | None, turnover_centimes: int | None) -> int | None:
    """The most that a month's penalties come to; None: no cap, or a share of a turnover that is not known yet."""
    caps = [] if fixed_centimes is None else [fixed_centimes]
    if percent is not None and turnover_centimes is not None:
        caps.append(int((Decimal(turnover_centimes) * percent / 100).to_integral_value(ROUND_DOWN)))
    return min(caps) if caps else None


def adjustment(charged_centimes: int, cap_centimes: int | None) -> int:
    """What the entries of a month must be corrected by in all, so that they come to the cap: 0 or less."""
    if cap_centimes is None:
        return 0
    return min(0, cap_centimes - charged_centimes)


def rounded(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def plain(value: Decimal) -> str:
    """The shortest text of a decimal: 118.4, not 118.4000."""
    return f"{value.normalize():f}"
