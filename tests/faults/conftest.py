"""One installation for all tests of a module; each starts the programs that it kills."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.faults.rig import Site, build_site


@pytest.fixture(scope="module")
def installation(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            template = str(connection.settings_dict["NAME"])
            connection.close()
        site = build_site(stack, os.environ["DATABASE_OWNER_URL"], template)
        site.start_redis()
        yield site


@pytest.fixture
def site(installation: Site) -> Iterator[Site]:
    """The installation with redis running and nothing else, where nobody has died yet."""
    for mark in installation.folder.glob("died-at-*"):
        mark.unlink()
    yield installation
    for name in ("web", "worker"):
        if name in installation.programs:
            installation.kill(name)
    if "redis" not in installation.programs:
        installation.start_redis()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows what the programs said last."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, Site):  # type: ignore[attr-defined]
        for name in ("web", "worker"):
            report.sections.append((f"{name}.log", site.log(name)))  # type: ignore[attr-defined]
    return report
