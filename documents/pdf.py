"""HTML to PDF, in a child process that reads fonts and nothing else. Slow (seconds): for tasks and commands, not for requests.

    pdf = make_pdf(render_to_string("contracts/paper/statement.html", facts), pictures={"photo-1": jpeg})

The page says `<img src="picture:photo-1">`; no other address is ever followed. Extend `documents/paper.html`: it brings the
page size, the fonts of both scripts, running headers and page numbers.
"""

import json
from collections.abc import Mapping

from sandbox.child import MEBIBYTE, KillReason, SandboxFailed, SandboxKilled, run_limited

MEMORY_BYTES = 1536 * MEBIBYTE
CPU_SECONDS = 120
WALL_SECONDS = 300.0
OUTPUT_BYTES = 64 * MEBIBYTE

FUNCTION = "documents.press:print_pdf"


class PdfFailed(Exception):
    """No document came out. `permanent`: the same page will fail again (too large, or a mistake in it)."""

    def __init__(self, text: str, *, permanent: bool) -> None:
        super().__init__(text)
        self.permanent = permanent


def make_pdf(html: str, *, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """Typeset a page as PDF/UA-1: tagged, with its language and title. The same page gives the same bytes.

    `pictures`: JPEG, PNG or SVG by the name that `picture:NAME` calls. Raises PdfFailed.
    """
    try:
        return run_limited(
            FUNCTION,
            _packed(html, pictures or {}),
            memory_bytes=MEMORY_BYTES,
            cpu_seconds=CPU_SECONDS,
            wall_seconds=WALL_SECONDS,
            output_bytes=OUTPUT_BYTES,
            may_read=True,
        )
    except SandboxKilled as killed:
        busy = killed.reason in (KillReason.WALL, KillReason.KILLED)
        raise PdfFailed(str(killed), permanent=not busy) from killed
    except SandboxFailed as failure:
        raise PdfFailed(str(failure), permanent=True) from failure


def _packed(html: str, pictures: Mapping[str, bytes]) -> bytes:
    """One line that says what follows and how long each part is, then the parts."""
    parts = [html.encode(), *pictures.values()]
    head = {"sizes": [len(part) for part in parts], "pictures": list(pictures)}
    return json.dumps(head).encode() + b"\n" + b"".join(parts)


def unpacked(payload: bytes) -> tuple[str, dict[str, bytes]]:
    """What `_packed` packed; for the child."""
    line, _, rest = payload.partition(b"\n")
    head = json.loads(line)
    parts = []
    for size in head["sizes"]:
        parts.append(rest[:size])
        rest = rest[size:]
    return parts[0].decode(), dict(zip(head["pictures"], parts[1:], strict=True))
