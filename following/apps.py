"""The room's application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FollowingConfig(AppConfig):
    name = "following"
    verbose_name = _("Following")

    def ready(self) -> None:
        """Who has her data erased is followed by no letters about that complaint either."""
        from complaints.services.erasure import reporter_erased
        from following.services import end_for_erased

        reporter_erased.connect(end_for_erased)
