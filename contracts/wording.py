"""How money, months and days of the treasury read in the page's language."""

from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language

# Currencies by their word in each language; others keep their code.
_WORDS = {"MAD": {"fr": "DH", "ar": "درهم", "en": "DH"}}


def dirhams(centimes: int, currency: str = "MAD") -> str:
    """An amount as people write it: 1 500,00 DH. A minus stands before it."""
    amount = number_format(abs(centimes) / 100, decimal_pos=2, use_l10n=True, force_grouping=True)
    word = _WORDS.get(currency, {}).get((get_language() or "fr").split("-")[0], currency)
    sign = "\u2212" if centimes < 0 else ""
    # U+2066…2069 keep sign and digits together in a line that runs from the right.
    return f"\u2066{sign}{amount}\u2069\u00a0{word}"


def decimal(text: str) -> str:
    """A decimal as kept ("118.8"), as people write it: 118,8."""
    return number_format(text, use_l10n=True)


def month_name(month: date) -> str:
    """October 2026, in the page's language."""
    if (get_language() or "").split("-")[0] == "ar":
        return f"{_MOROCCAN_MONTHS[month.month - 1]} {month.year}"
    return date_format(month, "F Y")


# Arabic months as Morocco says them; Django's are the Levant's and Egypt's.
_MOROCCAN_MONTHS = (
    "يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر",
)  # fmt: skip
