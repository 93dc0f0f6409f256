"""Addresses that only the owner of a subscription was given. Derived, never stored (docs/adr/0009)."""

from complaints.receipts import public_url
from complaints.tracking import complaint_id_of, secret_token, token_matches
from following.models import Subscription

MANAGE, END = "following", "following-end"


def token(subscription: Subscription, purpose: str = MANAGE) -> str:
    return secret_token(subscription.pk, subscription.link_version, purpose=purpose)


def manage_url(subscription: Subscription) -> str:
    """Where its owner confirms it, changes it or ends it."""
    return public_url("subscription", subscription.language, token(subscription))


def end_url(subscription: Subscription) -> str:
    """Where one POST ends it (RFC 8058); the address allows nothing else."""
    return public_url("subscription_end", subscription.language, token(subscription, END))


def subscription_of(text: str, purpose: str = MANAGE) -> Subscription | None:
    """The subscription that a token opens; None for a wrong or old one, or one that has ended."""
    rows = Subscription.objects.select_related("jurisdiction", "complaint", "service", "category")
    found: Subscription | None = rows.filter(pk=complaint_id_of(text) or 0).first()
    if found is None or not token_matches(text, found.pk, found.link_version, purpose=purpose):
        return None
    return found
