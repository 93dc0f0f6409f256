"""A file is whole or absent, whatever the disk does."""

import errno
import os
from pathlib import Path

import pytest

from sandbox.storage import write_atomically


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_is_written_with_its_folders_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "ab" / "cd" / "photo.jpg"
    write_atomically(path, b"pixels")
    assert path.read_bytes() == b"pixels"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(path.parent) == ["photo.jpg"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_disk_that_takes_little_at_a_time_still_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    write_atomically(tmp_path / "photo.jpg", b"0123456789")
    assert (tmp_path / "photo.jpg").read_bytes() == b"0123456789"


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_fragment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"old")
    calls = []
    write = os.write

    def full(*arguments: object) -> int:
        calls.append(arguments)
        if call == "write" and len(calls) == 1:
            return write(arguments[0], b"fragm")  # type: ignore[arg-type]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"fragment of a photo")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["photo.jpg"]
