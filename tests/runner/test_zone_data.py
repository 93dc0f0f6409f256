"""Old time-zone data is noticed, so that it is freshened when packages are installed."""

from pathlib import Path

import pytest

from runner.machine import has_recent_zones


@pytest.mark.parametrize(
    ("text", "recent"), [("# version 2025b\n", False), ("# version 2026f\n# ddeps", True), ("", False)]
)
def test_the_edition_is_read_from_the_file(tmp_path: Path, text: str, recent: bool) -> None:
    file = tmp_path / "tzdata.zi"
    file.write_text(text)
    assert has_recent_zones(file) == recent


def test_a_missing_file_is_old(tmp_path: Path) -> None:
    assert not has_recent_zones(tmp_path / "none")
