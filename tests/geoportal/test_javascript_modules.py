"""The browser's pure modules are tested by Node's own runner; without Node the test is skipped, visibly."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_pure_modules_pass_their_own_tests() -> None:
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if node is None:
        pytest.skip("node is not installed: tests/js was not run")
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.mjs"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_the_map_folder_names_leaflet() -> None:
    folder = ROOT / "static" / "js"
    strangers = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.js")
        if path.parent.name != "map" and ("window.L" in path.read_text() or "protomapsL" in path.read_text())
    ]
    assert strangers == []
