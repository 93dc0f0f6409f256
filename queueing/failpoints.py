"""Named points at which a test makes a process die as by `kill -9`. Without GEOPORTAL_ENV=test they do nothing."""

import os
import signal

from django.conf import settings


def failpoint(name: str) -> None:
    """Die here, at once and without any clean-up, if GEOPORTAL_FAILPOINT names this point and this is a test."""
    if settings.ENVIRONMENT == "test" and os.environ.get("GEOPORTAL_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
