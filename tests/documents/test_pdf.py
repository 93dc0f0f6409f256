"""Pages become tagged PDFs in both scripts, in a child that follows no address."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from django.template import engines
from django.utils import translation

from documents import pdf
from documents.pdf import PdfFailed, make_pdf
from tests.sandbox.files import jpeg


def paper(main: str, language: str) -> str:
    source = (
        "{% extends 'documents/paper.html' %}{% block title %}Titre{% endblock %}{% block main %}MAIN{% endblock %}"
    )
    context = {"city_name": "Tétouan", "reference": "R-1", "dated": datetime(2026, 11, 3, 8, 0, tzinfo=UTC)}
    with translation.override(language):
        return engines["django"].from_string(source.replace("MAIN", main)).render(context)


def text_of(document: bytes) -> str:
    pages = pypdfium2.PdfDocument(document)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages)


@pytest.mark.parametrize(("language", "words"), [("fr", "Décision motivée, 500 DH"), ("ar", "قرار معلل")])
def test_a_page_becomes_a_tagged_document_in_its_language(language: str, words: str) -> None:
    made = make_pdf(paper(f"<h1>{words}</h1><p>{words}</p>", language))
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.Root.MarkInfo.Marked
        assert str(document.Root.Lang) == language
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        fonts = {str(font.BaseFont) for page in document.pages for font in page.Resources.Font.values()}
    assert any("Arabic" in font for font in fonts) == (language == "ar")
    assert ("Décision motivée, 500 DH" if language == "fr" else "معلل") in text_of(made)


def test_arabic_reads_from_the_right_in_drawings_facts_and_quotations() -> None:
    drawing = '<svg viewBox="0 0 300 40"><text x="150" y="30" font-size="20" text-anchor="middle">ظغذ</text></svg>'
    facts = '<dl class="facts"><dt>ط</dt><dd>ث</dd><dt>ض</dt><dd>خ</dd></dl>'
    quoted = '<p class="words" dir="auto">route 7!</p><p class="words" dir="auto">ق route</p>'
    document = pypdfium2.PdfDocument(make_pdf(paper(f'<div class="map">{drawing}</div>{facts}{quoted}', "ar")))
    page = document[0].get_textpage()
    places = {page.get_text_range(n, 1): page.get_charbox(n) for n in range(page.count_chars())}
    left = {letter: box[0] for letter, box in places.items()}
    assert left["ظ"] > left["غ"] > left["ذ"], "the first letter on the right"
    assert left["ط"] > left["ث"] and left["ض"] > left["خ"], "a name on the right of what it names"
    assert abs(places["ض"][1] - places["خ"][1]) < abs(places["ض"][1] - places["ط"][1]), "and in its line"
    assert left["!"] > left["7"], "French ends on the right"
    assert left["ق"] > left["!"]


def test_the_same_page_gives_the_same_bytes() -> None:
    page = paper("<p>x</p>", "fr")
    assert make_pdf(page) == make_pdf(page)


def test_pictures_come_along_and_no_other_address_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(jpeg())
    tmp_path.chmod(0o755)
    secret.chmod(0o644)
    pictures = (
        f'<img alt="a" src="picture:a"><img alt="b" src="file://{secret}"><img alt="c" src="http://127.0.0.1:1/x">'
    )
    styles = f"<link rel=stylesheet href='file://{secret}'><style>@import url(file://{secret});</style>"
    made = make_pdf(paper(styles + pictures, "fr"), pictures={"a": jpeg()})
    with pikepdf.open(io.BytesIO(made)) as document:
        drawn = [image for page in document.pages for image in page.get_images().values()]
    assert len(drawn) == 1


def test_a_page_that_asks_too_much_is_a_failure_that_will_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "CPU_SECONDS", 1)
    with pytest.raises(PdfFailed) as failed:
        make_pdf(paper("<p>x</p>" * 50_000, "fr"))
    assert failed.value.permanent


def test_a_busy_machine_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "WALL_SECONDS", 0.05)
    with pytest.raises(PdfFailed) as failed:
        make_pdf(paper("<p>x</p>", "fr"))
    assert not failed.value.permanent
