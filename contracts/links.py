"""The operator's single-case link: opens one finding without an account. Derived (HMAC), never stored, revocable."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from complaints.tracking import complaint_id_of, secret_token, token_matches
from contracts.models import Finding

_PURPOSE = "finding"


def token_of(finding: Finding) -> str:
    return secret_token(finding.pk, finding.link_version, purpose=_PURPOSE)


def finding_by(token: str) -> Finding | None:
    """The finding that a token opens; None for any other text."""
    number = complaint_id_of(token)
    if number is None:
        return None
    finding = (
        Finding.objects.select_related("contract__unit", "version", "clause", "jurisdiction").filter(pk=number).first()
    )
    if finding is None or not token_matches(token, finding.pk, finding.link_version, purpose=_PURPOSE):
        return None
    return finding


def link_of(finding: Finding, language: str) -> str:
    """The address, in a language."""
    with translation.override(language):
        return settings.PUBLIC_URL + reverse("operator_link", args=[token_of(finding)])
