"""What the fields of our models are called in the administration, where everybody reads her own language.

One list for all rooms: the same field has the same name wherever it appears, and renaming it is no migration.
"""

from django.apps import apps
from django.utils.translation import gettext_lazy, pgettext_lazy

OUR_ROOMS = ("catalogue", "districts", "accounts")
FIELD_NAMES = {
    "user": pgettext_lazy("field", "member of staff"),
    "code": pgettext_lazy("field", "code"),
    "name": pgettext_lazy("field", "name"),
    "tracking_prefix": pgettext_lazy("field", "prefix of tracking numbers"),
    "languages": pgettext_lazy("field", "languages"),
    "time_zone": pgettext_lazy("field", "time zone"),
    "country": pgettext_lazy("field", "country"),
    "bounds": pgettext_lazy("field", "first view of the map"),
    "edge_tolerance_m": pgettext_lazy("field", "tolerance at the edge (m)"),
    "legal_answer_limit_days": pgettext_lazy("field", "legal limit for an answer (days)"),
    "license": pgettext_lazy("field", "licence"),
    "source": pgettext_lazy("field", "source"),
    "reporter_days_after_close": pgettext_lazy("field", "contact details kept after closing (days)"),
    "verdict_days": pgettext_lazy("field", "waiting for the word of those concerned after closing (days)"),
    "small_sample_k": pgettext_lazy("field", "fewest cases shown of a sensitive category"),
    "emergency": pgettext_lazy("field", "emergency numbers"),
    "consent_version": pgettext_lazy("field", "version of the consent notice"),
    "consent_text": pgettext_lazy("field", "consent notice"),
    "triage_unit": pgettext_lazy("field", "triage unit"),
    "jurisdiction": pgettext_lazy("field", "city"),
    "week": pgettext_lazy("field", "opening hours by day"),
    "ramadan": pgettext_lazy("field", "opening hours during Ramadan"),
    "seasons": pgettext_lazy("field", "seasons"),
    "first_day": pgettext_lazy("field", "first day"),
    "last_day": pgettext_lazy("field", "last day"),
    "kind": pgettext_lazy("field", "kind"),
    "calendar": pgettext_lazy("field", "calendar"),
    "email": pgettext_lazy("field", "e-mail"),
    "phone": pgettext_lazy("field", "phone"),
    "website": pgettext_lazy("field", "website"),
    "icon": pgettext_lazy("field", "icon"),
    "colour": pgettext_lazy("field", "colour"),
    "order": pgettext_lazy("field", "order"),
    "default_unit": pgettext_lazy("field", "unit where no area covers the place"),
    "is_active": pgettext_lazy("field", "in use"),
    "service": pgettext_lazy("field", "service"),
    "deadline": pgettext_lazy("field", "deadline"),
    "at": pgettext_lazy("field", "when"),
    "tell": pgettext_lazy("field", "who is told"),
    "help": pgettext_lazy("field", "help"),
    "keywords": pgettext_lazy("field", "search words"),
    "answer_within": pgettext_lazy("field", "first answer within"),
    "resolve_within": pgettext_lazy("field", "resolution within"),
    "policy_version": pgettext_lazy("field", "version of the deadlines"),
    "publication": pgettext_lazy("field", "place is public as"),
    "publish_text": pgettext_lazy("field", "text is public"),
    "publish_photos": pgettext_lazy("field", "photos are public"),
    "evidence": pgettext_lazy("field", "what closing needs"),
    "urgent": pgettext_lazy("field", "urgent"),
    "category": pgettext_lazy("field", "category"),
    "required": pgettext_lazy("field", "must be answered"),
    "choices": pgettext_lazy("field", "choices"),
    "layer": pgettext_lazy("field", "layer"),
    "number": pgettext_lazy("field", "number"),
    "file_hash": pgettext_lazy("field", "fingerprint of the file"),
    "imported_at": pgettext_lazy("field", "imported at"),
    "imported_by": pgettext_lazy("field", "imported by"),
    "activated_at": pgettext_lazy("field", "in force since"),
    "origin": pgettext_lazy("field", "origin"),
    "data_date": pgettext_lazy("field", "date of the data"),
    "file_name": pgettext_lazy("field", "file"),
    "edition": pgettext_lazy("field", "edition"),
    "level": pgettext_lazy("field", "level"),
    "parent_code": pgettext_lazy("field", "inside the district"),
    "population": pgettext_lazy("field", "population"),
    "area_m2": pgettext_lazy("field", "area (m²)"),
    "geometry": pgettext_lazy("field", "outline"),
    "unit": pgettext_lazy("field", "unit"),
    "priority": pgettext_lazy("field", "priority"),
    "schedule": pgettext_lazy("field", "hours and seasons"),
    "fallback_unit": pgettext_lazy("field", "unit outside its hours"),
    "session_version": pgettext_lazy("field", "number of forced sign-outs"),
    "role": pgettext_lazy("field", "role"),
    "district_code": pgettext_lazy("field", "district"),
}
# Words of Django's own pages that it has not in Arabic.
DJANGO_LACKS = (
    gettext_lazy("Reset password"),
    gettext_lazy("Raw passwords are not stored, so there is no way to see the user’s password."),
)


def name_fields() -> None:
    """Give each field of our rooms that has no name of its own the one that stands here."""
    for room in OUR_ROOMS:
        for model in apps.get_app_config(room).get_models():
            for field in model._meta.local_fields:
                if field.name in FIELD_NAMES and field._verbose_name is None:  # type: ignore[attr-defined]
                    field.verbose_name = FIELD_NAMES[field.name]
    # The library gives it no name that could be translated.
    apps.get_model("mfa", "Authenticator")._meta.verbose_name_plural = gettext_lazy("Authenticators")
