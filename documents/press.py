"""The child's side of `make_pdf`: WeasyPrint, without any address but the pictures that came along. Runs in the child only.

Two things that browsers do and WeasyPrint 70 does not are done here: the direction of `dir="auto"`, and Arabic in drawings,
which it sets letter by letter from the left.
"""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import weasyprint
import weasyprint.svg
from weasyprint.urls import URLFetcher, URLFetcherResponse

from documents.pdf import unpacked

SCHEME = "picture:"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_AUTO = re.compile(r'dir="auto"([^>]*>)([^<]*)')
# What WeasyPrint cannot draw is left out and told on standard error, where a failure's last lines are kept.
logging.getLogger("weasyprint").setLevel(logging.ERROR)


class Pictures(URLFetcher):  # type: ignore[misc]
    """Knows the pictures of one document by name; refuses every other address."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._pictures = pictures

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        name = url.removeprefix(SCHEME)
        if not url.startswith(SCHEME) or name not in self._pictures:
            raise ValueError("no address is followed from a document")
        return URLFetcherResponse(url, self._pictures[name], {"Content-Type": _kind(self._pictures[name])})


def print_pdf(payload: bytes) -> bytes:
    """The PDF of a packed page. Its identifier is made of its content, so that the same page gives the same bytes."""
    html, pictures = unpacked(payload)
    document = weasyprint.HTML(string=_AUTO.sub(_directed, html), base_url=None, url_fetcher=Pictures(pictures))
    made: bytes = document.write_pdf(
        pdf_variant="pdf/ua-1",
        pdf_tags=True,
        pdf_identifier=hashlib.sha256(payload).hexdigest()[:32].encode(),
        optimize_images=False,
    )
    return made


def _directed(found: re.Match[str]) -> str:
    """The attribute with the direction of the first letter that has one."""
    strong = (kind for kind in map(unicodedata.bidirectional, found[2]) if kind == "L" or kind in _RIGHT_TO_LEFT)
    return f'dir="{"rtl" if next(strong, "L") in _RIGHT_TO_LEFT else "ltr"}"{found[1]}{found[2]}'


class _OnePiece(str):
    """Text that WeasyPrint's drawing, which goes letter by letter, takes as one letter: Pango joins and orders it."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


_text = weasyprint.svg.text


def _drawn_text(svg: Any, node: Any, font_size: float) -> None:
    if any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in node.text or ""):
        node._etree_node.text = _OnePiece(node.text)
    _text(svg, node, font_size)


# Both names: the one that draws, and the one that it compares with.
weasyprint.svg.TAGS["text"] = weasyprint.svg.text = _drawn_text


def _kind(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "image/png"
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/svg+xml"


# Everything that typesetting imports late is imported now: afterwards the child is nobody, and may not read our folders.
_DOT = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0"
    b"IEND\xaeB`\x82"
)
_SAMPLE = (
    '<html lang="ar" dir="rtl"><title>x</title><style>@page{@bottom-center{content:counter(page)}}table{float:left}'
    "p{display:flex}ul{display:grid;columns:2}</style><h1>عنوان <b>Title</b></h1><table><tr><td>1</table><p>x</p>"
    '<ul><li>x</ul><img alt="x" src="picture:dot"><a href="https://example.org">x</a>'
    '<svg width="9" height="9"><path d="M0 0L9 9" stroke="red"/><text x="1" y="1">x</text></svg></html>'
)
weasyprint.HTML(string=_SAMPLE, url_fetcher=Pictures({"dot": _DOT})).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
