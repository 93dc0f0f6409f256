"""Look through an untrusted PDF for anything that acts. Runs in the child only."""

import io
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from sandbox.child import SandboxFailed

# ISO 32000-2, table 201: actions that run a program, code or media, or carry what is typed or opened elsewhere.
ACTIVE_ACTIONS = {
    "/GoTo3DView",
    "/GoToE",
    "/GoToR",
    "/ImportData",
    "/JavaScript",
    "/Launch",
    "/Movie",
    "/Rendition",
    "/ResetForm",
    "/RichMediaExecute",
    "/Sound",
    "/SubmitForm",
}
# An action that runs by itself when the file is opened may only turn to a page.
HARMLESS_OPENINGS = {"/GoTo", "/Named"}
ACTIVE_KEYS = {"/AA", "/JS", "/JavaScript", "/XFA", "/RichMediaContent", "/RichMediaSettings"}
ATTACHMENT_KEYS = {"/EF", "/EmbeddedFiles"}
ACTIVE_ANNOTATIONS = {"/3D", "/Movie", "/RichMedia", "/Screen", "/Sound"}
# Who made the file, with what, and private data of programs: nothing a reader needs.
METADATA_KEYS = ("/Metadata", "/PieceInfo", "/LastModified")

# qpdf opens its source of random numbers once, at the first encrypted document; later the child could not open it.
pikepdf.new().save(io.BytesIO(), encryption=pikepdf.Encryption(owner="", user=""))


def inspect(data: bytes) -> bytes:
    """The document written anew: only what is reachable from its root, without metadata, without tail.

    So what is kept is what was looked at; a digital signature does not survive that.
    Raises SandboxFailed: `encrypted_pdf`, `active_pdf` (scripts, launches, forms that send), `pdf_with_attachments`,
    `damaged_pdf`.
    """
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            if document.is_encrypted:
                raise SandboxFailed("encrypted_pdf")
            _refuse_openings(document)
            for item in document.objects:
                for part in _with_direct_parts(item):
                    _refuse_active(part)
                    _drop_metadata(part)
            return _rewritten(document)
    except pikepdf.PasswordError as error:
        raise SandboxFailed("encrypted_pdf", str(error)) from error
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, RuntimeError) as error:
        raise SandboxFailed("damaged_pdf", f"{type(error).__name__}: {error}") from error


def _refuse_openings(document: Pdf) -> None:
    """What happens by itself on opening: a bare destination is fine, of the actions only turning to a page."""
    opening = document.Root.get("/OpenAction")
    if isinstance(opening, Dictionary) and str(opening.get("/S")) not in HARMLESS_OPENINGS:
        raise SandboxFailed("active_pdf", f"on opening: {opening.get('/S')}")


def _with_direct_parts(item: Object) -> Iterator[Dictionary | Stream]:
    """Dictionaries (a stream has one too) inside one numbered object; references lead to other numbered objects."""
    waiting = [item]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Dictionary | Stream):
            yield part
            children = [value for _, value in part.items()]
        elif isinstance(part, Array):
            children = list(part)
        else:
            continue
        waiting += [
            child for child in children if isinstance(child, Array | Dictionary | Stream) and not child.is_indirect
        ]


def _refuse_active(part: Dictionary | Stream) -> None:
    """Raise SandboxFailed if this dictionary acts or carries a file."""
    keys = set(part.keys())
    if (
        keys & ATTACHMENT_KEYS
        or _name(part, "/Type") == "/EmbeddedFile"
        or _name(part, "/Subtype") == "/FileAttachment"
    ):
        raise SandboxFailed("pdf_with_attachments")
    if keys & ACTIVE_KEYS or _name(part, "/S") in ACTIVE_ACTIONS or _name(part, "/Subtype") in ACTIVE_ANNOTATIONS:
        raise SandboxFailed("active_pdf", ", ".join(sorted(keys)))


def _name(part: Dictionary | Stream, key: str) -> str:
    """The name stored under `key`, or nothing."""
    value = part.get(key)
    return str(value) if isinstance(value, Name) else ""


def _drop_metadata(part: Dictionary | Stream) -> None:
    """Remove descriptions of author and program from any object."""
    for key in METADATA_KEYS:
        if key in part:
            del part[key]


def _rewritten(document: Pdf) -> bytes:
    """Write what is reachable, content streams untouched: decoding them is how small files become large."""
    if "/Info" in document.trailer:
        del document.trailer["/Info"]
    output = io.BytesIO()
    document.save(
        output,
        static_id=True,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        fix_metadata_version=False,
    )
    return output.getvalue()
