"""`manage check_messages`: is every text of the pages translated? `--update` writes the new texts into the catalogues."""

import re
import shutil
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings

from reporting.commands import Fault, Report, ReportingCommand

# French sets a space that does not break before these signs and inside its quotation marks. What looks like the name of an
# HTTP header ("Authorization: Bearer") is none of its words.
_WITHOUT_ITS_SPACE = re.compile(
    r"« | [:;?!»](?!\S)|«[^\s]|[^\s\u00a0\u202f»]»|(?<!Authorization)(?<!-Signature)(?<=[^\W\d_]):(?=\s|$)"
)

IGNORED = ["var/*", "node_modules/*", ".venv/*", "tests/*", "bench/*", "runner/*", "scripts/*", "*/migrations/*"]


class Command(ReportingCommand):
    help = "Check that the message catalogues are complete; --update extracts new texts into them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--update", action="store_true", help="write new texts into locale/, to be translated")

    def run(self, **options: Any) -> Report:
        report = Report()
        languages = [code for code, _ in settings.LANGUAGES if code != "en"]
        with _workplace(Path(settings.LOCALE_PATHS[0]), update=options["update"]) as locale:
            with override_settings(LOCALE_PATHS=[str(locale)]), chdir(locale.parent):
                call_command(
                    "makemessages",
                    locale=languages,
                    ignore_patterns=IGNORED,
                    symlinks=True,
                    no_location=True,
                    no_obsolete=True,
                    no_wrap=True,
                    verbosity=0,
                )
            for language in languages:
                self._check(language, locale / language / "LC_MESSAGES" / "django.po", report)
        return report

    def _check(self, language: str, file: Path, report: Report) -> None:
        with file.open("rb") as stream:
            catalogue: Catalog = read_po(stream, locale=language)
        messages = [message for message in catalogue if message.id]
        report.counts[f"{language}_messages"] = len(messages)
        for message in messages:
            texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
            name = message.id[0] if isinstance(message.id, tuple | list) else message.id
            where = f"{language}: {name[:70]!r}"
            if message.fuzzy or not all(texts):
                report.faults.append(Fault("untranslated", "no translation, or a doubtful one", where))
            elif any(_placeholders(text or "") - _placeholders_of(message) for text in texts):
                report.faults.append(Fault("placeholder", "a placeholder that the text does not have", where))
            else:
                if language == "fr" and any(_WITHOUT_ITS_SPACE.search(text or "") for text in texts):
                    report.faults.append(Fault("spacing", "no no-break space before : ; ? ! or inside « »", where))
                # What the compiler of the catalogues would refuse, and with it ./run.
                report.faults += [Fault("format", str(error), where) for error in message.check(catalogue)]


@contextmanager
def _workplace(source: Path, *, update: bool) -> Iterator[Path]:
    """The catalogues to extract into: the real ones, or a copy that is thrown away, with the code beside it as links.

    `makemessages` writes into the `locale` of the folder it runs in, whatever the settings say.
    """
    if update:
        yield source
        return
    left_out = {source.name, *(pattern.partition("/")[0] for pattern in IGNORED if not pattern.startswith("*"))}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in source.parent.iterdir():
            if path.name not in left_out and not path.name.startswith("."):
                (folder / path.name).symlink_to(path)
        yield Path(shutil.copytree(source, folder / source.name))


def _placeholders_of(message: Message) -> set[str]:
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    return set().union(*(_placeholders(text) for text in ids))


def _placeholders(text: str) -> set[str]:
    """Names of `%(name)s` and `{name}` in a text."""
    percent = {part.split(")")[0] for part in text.split("%(")[1:]}
    try:
        braces = {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:
        braces = set()
    return percent | braces
