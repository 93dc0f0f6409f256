"""Reading a mail that came in: who it is for, its new words, its files, and whether a machine wrote it. Pure.

Whatever is in it was written by a stranger: nothing here raises for it, follows a link or believes a sender.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser

# Beyond this, words are cut before they are looked at: a page of a novel is a few kilobytes.
_MOST_LETTERS = 200_000
_MOST_PARTS = 200
_LONGEST_HEADER = 20_000
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
# Replies come in below such a line in most mail programs; ours write one, too (MARK).
MARK = "-- >8 --"
# Who tells what somebody wrote to her gives neither date nor address.
_WROTE = re.compile(
    r"^(?=.*[\d<@]).{0,200}(\bwrote|\ba écrit|\bescribió|\bschrieb|كتبت?).{0,80}[:：]\s*$|"
    r"^-{2,}\s*(original message|message d['’]origine|message original|الرسالة الأصلية).{0,20}-{2,}\s*$|"
    r"^_{20,}\s*$",
    re.IGNORECASE,
)
_HEADER_BLOCK = re.compile(r"^\*?(from|de|من)\*?\s*:\s?.+$", re.IGNORECASE)
_HEADER_NEXT = re.compile(r"^\*?(sent|date|envoyé|to|à|تاريخ|أرسلت|إلى|التاريخ)\*?\s*:", re.IGNORECASE)
_DATED = re.compile(r"^\s*(on|le|el|am|في|بتاريخ)\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"^(-- ?|—)$")
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u2060\ufeff\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e\x00")
)


@dataclass(frozen=True)
class IncomingFile:
    """A file that hung on it: its own name for itself, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Returned:
    """What a mail server says of a mail of ours that it will never deliver (RFC 3464). Its codes, and which one it was."""

    message_id: str
    recipient: str
    status: str


@dataclass(frozen=True)
class Incoming:
    """A mail as far as it matters. `words` is what its writer wrote now, without what she quotes and her signature."""

    recipients: tuple[str, ...]
    sender: str
    message_id: str
    automatic: bool
    words: str
    files: tuple[IncomingFile, ...]
    returned: Returned | None = None


def read_mail(raw: bytes) -> Incoming:
    """Read a whole mail, or its head alone. What cannot be read is left out."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    parts = list(_parts(mail))
    return Incoming(
        recipients=tuple(_recipients(mail)),
        sender=parseaddr(_header(mail, "from"))[1].casefold(),
        message_id=_header(mail, "message-id").strip()[:998],
        automatic=_is_automatic(mail),
        words=_words(parts),
        files=tuple(_files(parts)),
        returned=_returned(mail),
    )


def _header(mail: Message, name: str) -> str:
    """A header as it was written; empty where there is none."""
    return next(iter(_headers(mail, name)), "")


def _headers(mail: Message, name: str) -> Iterator[str]:
    """Not parsed: addresses and codes stand there in ASCII, and the library's parser takes seconds for hostile ones."""
    for header, value in mail.raw_items():
        if header.lower() == name:
            yield " ".join(str(value)[:_LONGEST_HEADER].split())


def _recipients(mail: EmailMessage) -> Iterator[str]:
    for name in _RECIPIENTS:
        for value in _headers(mail, name):
            yield from (address for _name, address in getaddresses([value]) if address)


def _is_automatic(mail: EmailMessage) -> bool:
    """Machines say so (RFC 3834), or bounce with an empty sender. An answer to a machine would be a loop."""
    if _header(mail, "auto-submitted").split(";")[0].strip().lower() not in ("", "no"):
        return True
    if _header(mail, "precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if mail.get_content_type() in ("multipart/report", "message/delivery-status", "message/disposition-notification"):
        return True
    if "return-path" in mail and _header(mail, "return-path").strip() == "<>":
        return True
    if any(name in mail for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress", "list-id")):
        return True
    who = parseaddr(_header(mail, "from"))[1].partition("@")[0].lower()
    return who in ("mailer-daemon", "postmaster", "noreply", "no-reply", "")


def _returned(mail: EmailMessage) -> Returned | None:
    """A report of failure. One that says "delayed" or "delivered" is none, nor is what a person or her holiday notice wrote."""
    if mail.get_content_type() != "multipart/report":
        return None
    message_id, failed = "", None
    for part in list(mail.walk())[:_MOST_PARTS]:
        kind, inside = part.get_content_type(), part.get_payload()
        if kind == "message/delivery-status" and isinstance(inside, list):
            failed = failed or next(filter(_has_failed, inside[1:_MOST_PARTS]), None)
        elif kind == "message/rfc822" and isinstance(inside, list):
            about = next((child for child in inside if isinstance(child, Message)), None)
            message_id = message_id or (_header(about, "message-id") if about is not None else "")
        elif kind == "text/rfc822-headers":
            message_id = message_id or _header(message_from_string(_text(part), policy=policy.default), "message-id")
    if failed is None:
        return None
    address = _header(failed, "original-recipient") or _header(failed, "final-recipient")
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", _header(failed, "status"))
    return Returned(message_id[:998], address.rpartition(";")[2].strip().casefold()[:254], status[0] if status else "")


def _has_failed(block: Message) -> bool:
    return _header(block, "action").strip().lower() == "failed"


def _parts(mail: EmailMessage) -> Iterator[EmailMessage]:
    """Its leaves in order. A mail inside a mail is somebody else's words: left out."""
    waiting: list[EmailMessage] = [mail]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        if part.get_content_maintype() == "message":
            continue
        inside = part.get_payload()
        if part.is_multipart() and isinstance(inside, list):
            waiting[:0] = [child for child in inside if isinstance(child, EmailMessage)]
        else:
            yield part


def _words(parts: list[EmailMessage]) -> str:
    """Of what is meant to be read, the plain text; where there is none, that of the page."""
    shown = [part for part in parts if not _filename(part) and part.get_content_disposition() != "attachment"]
    plain = "\n".join(_text(part) for part in shown if part.get_content_type() == "text/plain")
    if not plain.strip():
        plain = "\n".join(_text_of_page(_text(part)) for part in shown if part.get_content_type() == "text/html")
    return new_words(plain)


def _text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return payload[: 4 * _MOST_LETTERS].decode(charset, "replace")[:_MOST_LETTERS]
    except (LookupError, ValueError):
        return payload[: 4 * _MOST_LETTERS].decode("utf-8", "replace")[:_MOST_LETTERS]


def new_words(text: str) -> str:
    """The words above what is quoted and above the signature, without invisible marks."""
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE).split("\n")
    for number, line in enumerate(lines):
        bare = line.strip()
        if MARK in bare:
            _drop_attribution(kept)
            break
        if _SIGNATURE.match(line) or _begins_quotation(lines, number):
            break
        if not bare.startswith(">"):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _drop_attribution(kept: list[str]) -> None:
    """In whatever language "she wrote:" stands before what is quoted, it ends with a colon."""
    while kept and not kept[-1].strip():
        kept.pop()
    if kept and kept[-1].rstrip().endswith((":", "：")):
        line = kept.pop()
        # Long ones are broken into two lines.
        if kept and _DATED.match(kept[-1]) and not _DATED.match(line):
            kept.pop()


def _begins_quotation(lines: list[str], number: int) -> bool:
    """ "On …, somebody wrote:", also broken over two or three lines; or the head of a mail written out."""
    bare = lines[number].strip()
    if _WROTE.match(bare):
        return True
    if _HEADER_BLOCK.match(bare):
        return any(_HEADER_NEXT.match(line.strip()) for line in lines[number + 1 : number + 3])
    # "Le trou est là" begins like a date: one has figures, and what it is broken into stands together.
    if not _DATED.match(bare) or not re.search(r"\d", bare):
        return False
    joined = bare
    for line in map(str.strip, lines[number + 1 : number + 3]):
        if not line or _DATED.match(line):
            return False
        joined = f"{joined} {line}"
        if _WROTE.match(joined):
            return True
    return False


class _Page(HTMLParser):
    """The text of a page: no scripts, no styles, nothing that is quoted."""

    _SILENT = frozenset({"script", "style", "head", "title", "blockquote", "template", "object"})
    _BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "hr", "table"})
    _VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "base", "area", "col", "embed", "source", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        # Elements that are open since one began that is not shown.
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._BREAKS:
            self.pieces.append("\n")
        if tag in self._VOID:
            return
        given = {name: value or "" for name, value in attrs}
        quoted = "gmail_quote" in given.get("class", "") or given.get("id", "") in ("divRplyFwdMsg", "appendonsend")
        unseen = "display:none" in given.get("style", "").replace(" ", "").lower()
        if self.hidden or tag in self._SILENT or quoted or unseen:
            self.hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.hidden:
            while self.hidden.pop() != tag:
                pass
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))


def _text_of_page(page: str) -> str:
    reader = _Page()
    try:
        reader.feed(page)
        reader.close()
    except (AssertionError, ValueError):  # what the parser says to some broken declarations
        pass
    return "\n".join(line.strip() for line in "".join(reader.pieces).split("\n"))


def _files(parts: list[EmailMessage]) -> Iterator[IncomingFile]:
    """What hangs on it, and pictures inside it; not the small ones of a signature."""
    for part in parts:
        name, kind = _filename(part), part.get_content_maintype()
        if not name and part.get_content_disposition() != "attachment" and kind != "image":
            continue
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data:
            continue
        inside = kind == "image" and "content-id" in part and part.get_content_disposition() != "attachment"
        if not (inside and len(data) < _SIGNATURE_PICTURE):
            yield IncomingFile(name or f"{kind}.{part.get_content_subtype()[:8]}", data)


_SIGNATURE_PICTURE = 20_000


def _filename(part: EmailMessage) -> str:
    try:
        return (part.get_filename() or "")[:200]
    except Exception:  # the parser fails on a broken name in many ways; the file is kept without one
        return ""
