"""Texts whose bytes are of another alphabet than their file says: windows-1256 and latin-1 in a .dbf, twice encoded UTF-8."""

# The codecs themselves: the child may not open their files any more once it works.
import encodings.cp720
import encodings.cp850
import encodings.cp1250
import encodings.cp1251
import encodings.cp1252
import encodings.cp1253
import encodings.cp1254
import encodings.cp1256
import encodings.iso8859_6
import encodings.iso8859_15
import encodings.latin_1
import encodings.utf_8_sig
import encodings.utf_16  # noqa: F401
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ARABIC = re.compile(r"[\u0621-\u064a\u0660-\u0669\u0671-\u06d3]+")
_WORD = re.compile(r"\w+")
# What a .cpg file or a person may write, to Python's name; numbers are code pages.
_NAMES = {"ansi": "cp1252", "oem": "cp850", "88591": "latin-1", "88596": "iso8859-6", "65001": "utf-8", "utf8": "utf-8"}
# Byte 29 of a .dbf: the language driver (dBase's list, the entries met in practice).
_LANGUAGE_DRIVERS = {
    0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x7D: "cp1255", 0x7E: "cp1256", 0xC8: "cp1250", 0xC9: "cp1251",
    0xCA: "cp1254", 0xCB: "cp1253",
}  # fmt: skip
_ARABIC_CODECS = ("cp1256", "iso8859-6", "cp720")
_LATIN = ("cp1252", "latin-1", "iso8859-15", "iso8859-1", "cp850")
# Of the words with letters beyond ASCII, how many must be wholly Arabic to believe in an Arabic alphabet.
_CONVINCING = 0.6


@dataclass(frozen=True)
class Verdict:
    """How texts are to be read: `encoding`, and what the file itself declares ("" for nothing)."""

    encoding: str
    declared: str
    # A word before and after, as evidence; empty where all is ASCII.
    sample: str = ""

    @property
    def agrees(self) -> bool:
        return not self.sample or _same(self.encoding, self.declared)


def known_codec(name: str) -> str:
    """Python's name of an encoding, or empty if there is none that is allowed here."""
    plain = name.strip().lower().replace("_", "-").removeprefix("windows-").removeprefix("cp").replace("iso-", "iso")
    plain = _NAMES.get(plain.replace("-", ""), plain)
    for candidate in (plain, f"cp{plain}"):
        try:
            "é".encode(candidate, "replace").decode(candidate, "replace")
        except (LookupError, ValueError, ImportError, OSError):
            continue
        # Codecs that turn text into something else (base64, idna) are no alphabets.
        if candidate.startswith(("cp", "iso8859", "utf-8", "latin")):
            return candidate
    return ""


def declared_encoding(cpg: bytes | None, dbf: bytes) -> str:
    """What a shapefile says of itself: its .cpg, else the language driver of its .dbf, else nothing."""
    if cpg:
        return known_codec(cpg.decode("ascii", "replace").strip())
    return _LANGUAGE_DRIVERS.get(dbf[29], "") if len(dbf) > 32 else ""


def judge(texts: Iterable[bytes], declared: str) -> Verdict:
    """The likeliest alphabet of texts. What is declared stands unless it cannot be read, or plainly is another."""
    telling = [text for text in texts if not text.isascii()]
    if not telling:
        return Verdict(declared or "utf-8", declared)
    best = _likeliest(telling, declared)
    word = max(telling, key=len)[:60]
    return Verdict(best, declared, word.decode(best, "replace").strip())


def _likeliest(telling: Sequence[bytes], declared: str) -> str:
    if all(_readable(text, "utf-8") for text in telling):
        return "utf-8"
    shares = {codec: _arabic_share(telling, codec) for codec in _ARABIC_CODECS}
    arabic = max(shares, key=lambda codec: shares[codec])
    readable = bool(declared) and declared != "utf-8" and all(_readable(text, declared) for text in telling)
    if shares[arabic] >= _CONVINCING and not (readable and declared in _ARABIC_CODECS):
        return arabic
    return declared if readable else "cp1252"


def _readable(text: bytes, codec: str) -> bool:
    try:
        text.decode(codec)
    except UnicodeDecodeError:
        # A field of a .dbf may cut a letter in two at its end.
        return codec == "utf-8" and any(_decodes(text[:-cut]) for cut in (1, 2, 3)) and len(text) > 60
    return True


def _decodes(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _arabic_share(telling: Sequence[bytes], codec: str) -> float:
    words = [word for text in telling for word in _WORD.findall(text.decode(codec, "replace")) if not word.isascii()]
    return sum(_ARABIC.fullmatch(word) is not None and len(word) > 1 for word in words) / max(len(words), 1)


def _same(one: str, other: str) -> bool:
    return one == other or (one in _LATIN[:4] and other in _LATIN[:4])


# Bytes of the second alphabet were taken for letters of the first.
_MISREADINGS = (("cp1252", "utf-8"), ("latin-1", "utf-8"), ("cp1252", "cp1256"), ("latin-1", "cp1256"))


def misreading(texts: Sequence[str]) -> tuple[str, str, str] | None:
    """(taken for, really, a word mended) where well-formed texts were once read in a wrong alphabet, such as "TÃ©touan"."""
    telling = [text for text in texts if not text.isascii() and not _ARABIC.search(text)]
    if not telling:
        return None
    for taken_for, really in _MISREADINGS:
        mended = [mend(text, taken_for, really) for text in telling]
        changed = [text for text, old in zip(mended, telling, strict=True) if text is not None and text != old]
        if really == "utf-8" and len(changed) >= 0.9 * len(telling):
            return taken_for, really, max(changed, key=len)[:60]
        arabic = [
            text for text in changed if (found := _ARABIC.findall(text)) and len("".join(found)) >= 0.6 * len(text)
        ]
        if really != "utf-8" and len(arabic) >= 0.9 * len(telling):
            return taken_for, really, max(arabic, key=len)[:60]
    return None


def mend(text: str, taken_for: str, really: str) -> str | None:
    """The text as it was meant; None where it cannot have been misread that way."""
    try:
        return text.encode(taken_for).decode(really)
    except UnicodeError:
        return None
