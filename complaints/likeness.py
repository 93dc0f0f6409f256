"""How alike two short texts or two pictures are, whatever the language or alphabet they came in. Pure.

Two people tell of one hole in French and Arabic, in Darija with Latin letters, with and without accents. What such texts
share are names and loanwords: "المدرسة" and "lmdrasa", "souk" and "سوق". So each word is compared as it is folded for
search, and as its skeleton of consonants, in which both alphabets meet.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import sqrt

from catalogue.matching import fold

# Arabic consonants as Latin ones, digraphs made one letter; vowels and half-vowels are nobody's to agree on.
_ARABIC = str.maketrans(
    {
        "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "x", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s",
        "ش": "s", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "غ": "g", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m",
        "ن": "n", "ه": "h", "ڤ": "f", "پ": "b", "گ": "g",
        "ا": "", "ع": "", "و": "", "ي": "",
    }
)  # fmt: skip
_DIGRAPHS = (("kh", "x"), ("gh", "g"), ("ch", "s"), ("sh", "s"), ("dj", "j"), ("ph", "f"), ("qu", "k"), ("th", "t"))
_LATIN = str.maketrans({"q": "k", "c": "k", "p": "b", "v": "f"} | dict.fromkeys("aeiouyw", ""))
# Words that any two complaints share.
_COMMON = (
    "le la les un une des du de d l en et est il y a au aux ce cet cette ces dans sur pour par pas plus que qui se son sa"
    " ses mon ma mes nous vous je on depuis tres merci svp bonjour si ne n s c the of and is it in on for to this that"
    " fi f w wa dyal d had hadi li lli ma mn men 3la ala bzf bzaf في من على الى إلى عن هذا هذه و ان أن مع كل تم منذ المرجو"
    " devant derriere pres face cote amam hda qdam قرب امام أمام جنب"
)
_COMMON_FOLDED = frozenset(fold(word) for word in _COMMON.split())

# Pictures of one scene re-saved or shrunk differ in few of the 64 bits; strangers in about 32.
SAME_PICTURE_BITS = 10


def text_likeness(one: str, other: str, *, without: frozenset[str] = frozenset()) -> float | None:
    """0 (nothing in common) to 1 (the same words); None where one of them says nothing.

    `without`: folded words that do not count, such as those that name the category for everybody: what is left are names.
    """
    words = tuple(word for word in _telling_words(one) if word not in without)
    others = tuple(word for word in _telling_words(other) if word not in without)
    if not words or not others:
        return None
    straight = _cosine(_trigrams(words), _trigrams(others))
    skeleton = _cosine(_grams(tuple(map(_skeleton, words))), _grams(tuple(map(_skeleton, others))))
    return max(straight, skeleton)


def picture_distance(one: int, other: int) -> int:
    """In how many of 64 bits two perceptual hashes differ (signed or unsigned alike)."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The folded words of some texts, as `text_likeness` leaves them out."""
    return frozenset(word for text in texts for word in fold(text).split())


@lru_cache(maxsize=4096)
def _telling_words(text: str) -> tuple[str, ...]:
    return tuple(word for word in fold(text).split() if len(word) > 1 and word not in _COMMON_FOLDED)


@lru_cache(maxsize=20_000)
def _skeleton(word: str) -> str:
    for pair, letter in _DIGRAPHS:
        word = word.replace(pair, letter)
    bones = word.translate(_ARABIC).translate(_LATIN)
    # The article and the ending are heard in one alphabet and not in the other.
    return bones.removeprefix("l").rstrip("h") or bones


@lru_cache(maxsize=4096)
def _trigrams(words: tuple[str, ...]) -> dict[str, float]:
    """How often each trigram occurs, a word's weight shared among its trigrams: a long word does not outvote the others."""
    grams: dict[str, float] = {}
    for word in words:
        padded = f"  {word} "
        parts = [padded[i : i + 3] for i in range(len(padded) - 2)]
        for part in parts:
            grams[part] = grams.get(part, 0.0) + 1 / sqrt(len(parts))
    return grams


@lru_cache(maxsize=4096)
def _grams(skeletons: tuple[str, ...]) -> dict[str, float]:
    """Skeletons are short: one letter says nothing, two count as a whole, from three on their pairs count too."""
    grams: dict[str, float] = {}
    for bones in skeletons:
        if len(bones) < 2:
            continue
        parts = [f" {bones} "]
        if len(bones) > 2:
            parts += [bones[i : i + 2] for i in range(len(bones) - 1)]
        for part in parts:
            grams[part] = grams.get(part, 0.0) + 1 / sqrt(len(parts))
    return grams


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    common = sum(weight * other[gram] for gram, weight in one.items() if gram in other)
    if not common:
        return 0.0
    return common / sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
