"""Search that forgives: accents, hamza and ta marbuta, Arabic digits, and Darija written in Latin letters (7ofra, 9adous).

`static/js/lib/search.js` does the same in the browser.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", "ء": "", "ـ": ""}
)
# Digits that stand for Arabic letters when they are written among Latin ones.
_DARIJA = str.maketrans({"2": "", "3": "a", "5": "kh", "6": "t", "7": "h", "8": "h", "9": "q"})
# M'hannech, Mʼhannech and Mhannech are one name.
_APOSTROPHES = "'’‘ʼʻ`´"
_DOUBLED = re.compile(r"([a-z])\1")
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = re.compile(r"^(?:ال|وال|بال|لل)(?=..)")

# Share of common trigrams from which two words count as one misspelt: 'hofra' and 'hfra' reach 0.33, strangers rarely.
_ALIKE = 0.34


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """`text` in the form in which it is compared: lower case, no marks, one spelling for each letter, words parted by spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in _APOSTROPHES).translate(_ARABIC)
    return " ".join(filter(None, map(_fold_word, _WORD.findall(plain))))


def _fold_word(word: str) -> str:
    word = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in word)
    if any("a" <= c <= "z" for c in word):
        word = word.translate(_DARIJA) if any(c.isdigit() for c in word) else word
        return _DOUBLED.sub(r"\1", word.replace("ou", "u"))
    return _ARTICLE.sub("", word)


def score(query: str, texts: Iterable[str]) -> float:
    """How well the best of `texts` answers `query`, 0 (not at all) to 1. Each word of the query must be found in that text.

    A whole word counts more than a beginning, that more than a part, that more than a likeness.
    """
    wanted = fold(query).split()
    if not wanted:
        return 0.0
    return max((_score_text(wanted, fold(text).split()) for text in texts), default=0.0)


def _score_text(wanted: list[str], words: list[str]) -> float:
    if not words:
        return 0.0
    found = [max(_score_word(part, word) for word in words) for part in wanted]
    if min(found) == 0.0:
        return 0.0
    # Of equal finds the shorter text is the nearer one.
    return sum(found) / len(found) - 0.001 * min(len(words), 50)


def _score_word(part: str, word: str) -> float:
    if part == word:
        return 1.0
    if word.startswith(part):
        return 0.8
    if len(part) >= 3 and part in word:
        return 0.6
    if len(part) >= 4 and (likeness := _likeness(part, word)) >= _ALIKE:
        return 0.5 * likeness
    return 0.0


def _likeness(first: str, second: str) -> float:
    one, other = _trigrams(first), _trigrams(second)
    return len(one & other) / len(one | other)


@lru_cache(maxsize=20_000)
def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
