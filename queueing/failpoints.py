"""Named points at which a test makes a process die as by `kill -9`. Without GEOPORTAL_ENV=test they do nothing."""

import os
import signal
from pathlib import Path

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, at once and without any clean-up, if this is a test and GEOPORTAL_FAILPOINT names this point.

    Each point kills one process only: whoever comes next finds `died-at-NAME` in var and lives.
    """
    if settings.ENVIRONMENT != "test" or name not in os.environ.get("GEOPORTAL_FAILPOINT", "").split(","):
        return
    try:
        (Path(settings.VAR_DIR) / f"died-at-{name}").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
