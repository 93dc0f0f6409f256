"""Real and hostile files of other projects' test suites, with what a safe server must do with each.

The corpus is not part of the project: `GEOPORTAL_SHARED_DATA`, or `shared/data` beside the checkout, may hold it.
"""

import csv
import os
from pathlib import Path

import pytest

from sandbox.uploads import ProcessedDocument, ProcessedImage, UploadRefused, check_upload, process_upload

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
CORPUS = Path(os.environ.get("GEOPORTAL_SHARED_DATA", BESIDE)) / "uploads"
MANIFEST = CORPUS / "manifest.csv"

# The manifest's words. It leaves some choices to the server; ours: HEIC is converted, a PNG by another name is a PNG,
# GIF and TIFF are not taken, what is damaged is not repaired, and a PDF that is locked or carries files is not stored.
KEPT = {
    "ACCEPT",
    "ACCEPT_STRIP_GPS",
    "ACCEPT_IF_PDF_ALLOWED",
    "ACCEPT_STRIP_GPS_OR_REJECT_CLEAN",
    "ACCEPT_BY_CONTENT_OR_REJECT",
}
REFUSED = {"REJECT", "REJECT_OR_REPAIR", "REJECT_OR_STORE_INERT", "ACCEPT_OR_REJECT_CLEAN"}
# The manifest calls it ordinary, but it opens with `/S /JavaScript /JS (app.alert(…))`.
ACTIVE = "pypdf__issue-297.pdf"


def cases() -> list[object]:
    if not MANIFEST.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"the corpus of uploads is not at {CORPUS}"))]
    with MANIFEST.open(newline="", encoding="utf-8") as rows:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(rows)]


@pytest.mark.parametrize("row", cases())
def test_the_corpus_is_kept_or_refused_as_its_manifest_says(row: dict[str, str]) -> None:
    data = (CORPUS / row["file"]).read_bytes()
    if row["file"] == ACTIVE or row["expected"] in REFUSED:
        with pytest.raises(UploadRefused):
            process_upload(data, check_upload(data))
        return
    assert row["expected"] in KEPT
    result = process_upload(data, check_upload(data))
    if isinstance(result, ProcessedDocument):
        assert result.data.startswith(b"%PDF-")
        return
    assert isinstance(result, ProcessedImage)
    for picture, longest in ((result.picture, 2048), (result.thumbnail, 480)):
        assert max(picture.size.width, picture.size.height) <= longest
        for trace in (b"Exif\0", b"http://ns.adobe.com", b"ICC_PROFILE", b"Photoshop 3.0", b"GPS", b"\xff\xfe\x00"):
            assert trace not in picture.data
