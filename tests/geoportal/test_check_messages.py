"""A text that nobody translated fails the check, which itself changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
KNOWN = 'msgid "Known"\nmsgstr "Connu"\n'


@pytest.fixture
def project(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one module with one translated text; commands run in its folder."""
    for language in ("fr", "ar"):
        folder = tmp_path / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "django.po").write_text(HEAD + KNOWN)
    room = tmp_path / "room"
    room.mkdir()
    (room / "words.py").write_text('a = _("Known")\n')
    settings.LOCALE_PATHS = [str(tmp_path / "locale")]
    monkeypatch.chdir(tmp_path)
    return tmp_path


def catalogues(project: Path) -> dict[str, str]:
    return {str(file): file.read_text() for file in project.rglob("*.po")}


def test_what_is_translated_passes(project: Path) -> None:
    call_command("check_messages")


def test_a_new_text_is_a_fault_and_the_catalogues_stay_as_they_are(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "room" / "more.py").write_text('b = _("Nobody translated this")\n')
    before = catalogues(project)
    with pytest.raises(SystemExit):
        call_command("check_messages", "--json")
    assert "fr: 'Nobody translated this'" in capsys.readouterr().out
    assert catalogues(project) == before


def test_an_update_writes_the_new_text_for_the_translator(project: Path) -> None:
    (project / "room" / "more.py").write_text('b = _("Nobody translated this")\n')
    with pytest.raises(SystemExit):
        call_command("check_messages", "--update")
    assert all("Nobody translated this" in text for text in catalogues(project).values())


@pytest.mark.parametrize("text", ["Vide : fermé.", "Vide: fermé.", "Qui demande ?", "Un « mot »."])
def test_french_without_its_no_break_space_is_a_fault(
    project: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    french = project / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    french.write_text(HEAD + f'msgid "Known"\nmsgstr "{text}"\n')
    with pytest.raises(SystemExit):
        call_command("check_messages", "--json")
    assert "no-break" in capsys.readouterr().out


def test_french_with_its_no_break_space_times_and_headers_pass(project: Path) -> None:
    french = project / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    text = "«\u00a0Vide\u00a0»\u00a0: 08:30, https://example.org, «\u00a0Authorization: Bearer\u00a0»\u202f?"
    french.write_text(HEAD + f'msgid "Known"\nmsgstr "{text}"\n')
    call_command("check_messages")
