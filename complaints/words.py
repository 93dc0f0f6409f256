"""The words of a description one by one, so that a moderator can hide some of them. Pure."""

import re
from collections.abc import Collection

_WORD = re.compile(r"\S+")
# Always as long: how long a hidden name is tells something about it.
HIDDEN = "█████"


def words_of(text: str) -> list[str]:
    """The words in their order, each with the signs that touch it; their places are their numbers."""
    return _WORD.findall(text)


def blacked_out(text: str, numbers: Collection[int]) -> str:
    """The text with the words of these numbers hidden; spaces and lines stay as they were."""
    places = iter(range(len(words_of(text))))
    return _WORD.sub(lambda word: HIDDEN if next(places) in numbers else word[0], text)
