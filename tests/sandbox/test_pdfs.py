"""A PDF is kept only when nothing in it acts, and then without the traces of its maker."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Encryption, Name, Pdf, Permissions

from sandbox.sniffing import FileKind
from sandbox.uploads import ProcessedDocument, UploadRefused, check_upload, process_upload
from tests.sandbox import files


def processed(data: bytes) -> bytes:
    result = process_upload(data, check_upload(data))
    assert isinstance(result, ProcessedDocument)
    return result.data


def refusal(data: bytes) -> str:
    assert check_upload(data) is FileKind.PDF
    with pytest.raises(UploadRefused) as refused:
        process_upload(data, FileKind.PDF)
    return refused.value.code


def test_an_ordinary_document_is_kept_without_its_maker_and_its_tail() -> None:
    kept = processed(files.pdf() + b"\n<script>alert(1)</script>")
    assert b"<script>" not in kept
    with pikepdf.open(io.BytesIO(kept)) as document:
        assert len(document.pages) == 1
        assert "/Info" not in document.trailer
        assert "/Metadata" not in document.Root


def test_opening_at_a_page_is_no_action() -> None:
    def open_at_page(document: Pdf) -> None:
        document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])

    assert processed(files.pdf(open_at_page))


@pytest.mark.parametrize(
    "encryption",
    [Encryption(owner="o", user="u"), Encryption(owner="o", user="", allow=Permissions(extract=False))],
    ids=["needs a password", "opens without one"],
)
def test_an_encrypted_document_is_refused(encryption: Encryption) -> None:
    assert refusal(files.pdf(encryption=encryption)) == "encrypted_pdf"


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def open_with(make_action: Callable[[], Dictionary]) -> Callable[[Pdf], None]:
    def change(document: Pdf) -> None:
        document.Root.OpenAction = document.make_indirect(make_action())

    return change


def script_by_name(document: Pdf) -> None:
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["x", script()])))


def script_of_a_page(document: Pdf) -> None:
    document.pages[0].obj.AA = Dictionary(O=script())


def script_in_a_chain(document: Pdf) -> None:
    link = Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.GoTo, Next=Array([script()])))
    document.pages[0].obj.Annots = Array([link])


def launching_link(document: Pdf) -> None:
    link = Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F="calc.exe"))
    document.pages[0].obj.Annots = Array([link])


def dynamic_form(document: Pdf) -> None:
    document.Root.AcroForm = Dictionary(XFA=document.make_stream(b"<xdp/>"))


def film(document: Pdf) -> None:
    document.pages[0].obj.Annots = Array([Dictionary(Subtype=Name.RichMedia)])


@pytest.mark.parametrize(
    "change",
    [
        open_with(script),
        open_with(lambda: Dictionary(S=Name.Launch, F="calc.exe")),
        open_with(lambda: Dictionary(S=Name.URI, URI="https://example.org/seen")),
        open_with(lambda: Dictionary(S=Name.SubmitForm, F="https://example.org/")),
        script_by_name,
        script_of_a_page,
        script_in_a_chain,
        launching_link,
        dynamic_form,
        film,
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "in object streams"])
def test_a_document_that_acts_is_refused(change: Callable[[Pdf], None], packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    assert refusal(files.pdf(change, object_stream_mode=mode)) == "active_pdf"


def test_a_document_with_a_file_inside_is_refused() -> None:
    def attach(document: Pdf) -> None:
        document.attachments["run.exe"] = b"MZ"

    def pin(document: Pdf) -> None:
        document.pages[0].obj.Annots = Array([Dictionary(Subtype=Name.FileAttachment)])

    assert refusal(files.pdf(attach)) == "pdf_with_attachments"
    assert refusal(files.pdf(pin)) == "pdf_with_attachments"


def test_a_damaged_document_is_refused() -> None:
    assert refusal(b"%PDF-1.7\nnothing more") == "damaged_pdf"
    assert refusal(b"%PDF-1.7\n" + bytes(100_000)) == "damaged_pdf"
    assert refusal(files.pdf()[:300]) == "damaged_pdf"


def test_a_long_document_is_kept() -> None:
    def lengthen(document: Pdf) -> None:
        for _ in range(299):
            document.add_blank_page()

    with pikepdf.open(io.BytesIO(processed(files.pdf(lengthen)))) as document:
        assert len(document.pages) == 300
