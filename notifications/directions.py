"""Left-to-right pieces inside right-to-left text: numbers, addresses and times that must not be turned round.

Arabic text flows from the right; a tracking number or a time in it is shown with its parts swapped unless it is set apart
(Unicode TR9: isolates). Plain text takes the isolating characters, HTML the element bdi.
"""

import re

# LEFT-TO-RIGHT ISOLATE … POP DIRECTIONAL ISOLATE; RIGHT-TO-LEFT MARK sets the direction of a line that begins with Latin.
LRI, PDI, RLM = "\u2066", "\u2069", "\u200f"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})

# Links, e-mail addresses, and whatever has digits with Latin letters and marks around them: TET-7K3Q-9XWM, 16:30, +212 6…
_LINK = r"https?://[^\s<>\"]+"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_CODE = r"[+]?[A-Za-z0-9]*\d[A-Za-z0-9]*(?:[-/:.,+ ][A-Za-z0-9]*\d[A-Za-z0-9]*|-[A-Z]{2,})*"
_PIECE = re.compile(f"({_LINK}|{_MAIL}|(?:[A-Z]{{2,6}}-)?{_CODE})", re.ASCII)


def is_rtl(language: str) -> bool:
    return language.split("-")[0] in RIGHT_TO_LEFT


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it must be set apart in right-to-left surroundings."""
    parts = _PIECE.split(text)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def isolated(text: str, language: str) -> str:
    """Plain text whose numbers, links and addresses keep their order; left-to-right languages are left as they are."""
    if not is_rtl(language):
        return text
    lines = []
    for line in text.split("\n"):
        marked = "".join(f"{LRI}{part}{PDI}" if apart else part for part, apart in pieces(line))
        # A line that is nothing but an address needs no marks: mail programs would make them part of the link.
        whole = re.fullmatch(f"\\s*(?:{_LINK}|{_MAIL})\\s*", line, re.ASCII)
        lines.append(line if whole or not line.strip() else RLM + marked)
    return "\n".join(lines)
