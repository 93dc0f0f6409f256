"""API keys of a contract: made, shown once, used, taken back."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Membership, Role, User
from contracts.errors import NameMissing, TooManyKeys
from contracts.models import ApiKey, Contract
from contracts.permissions import hats
from contracts.procedure import PersonNotAllowed

START = "gpk"
VALID = timedelta(days=365)
MAX_KEYS = 10
# How often the time of the last use is written.
NOTED_EVERY = timedelta(minutes=5)
_MANAGING = frozenset({Role.OPERATOR_USER, Role.CONTRACT_MANAGER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class NewKey:
    """A key and its secret, which nobody sees again."""

    key: ApiKey
    secret: str


@transaction.atomic
def make_key(contract: Contract, name: str, *, acting_user: User, now: datetime) -> NewKey:
    """A key to this contract, for a year, with an account of its own that signs what it does.

    The operator's people make them. Raises PersonNotAllowed, NameMissing or TooManyKeys.
    """
    if Role.OPERATOR_USER not in hats(acting_user, contract):
        raise PersonNotAllowed
    if not name.strip():
        raise NameMissing
    if live_keys(contract, now=now).count() >= MAX_KEYS:
        raise TooManyKeys
    prefix = secrets.token_hex(4)
    secret = f"{START}_{prefix}_{secrets.token_urlsafe(32)}"
    user = User(username=f"api-{prefix}", first_name=name.strip()[:80], last_name="API")
    user.set_unusable_password()
    user.save()
    Membership.objects.create(
        user=user, role=Role.OPERATOR_USER, jurisdiction_id=contract.jurisdiction_id, unit_id=contract.unit_id
    )
    key = ApiKey.objects.create(
        contract=contract,
        name=name.strip()[:80],
        prefix=prefix,
        digest=_digest(secret),
        user=user,
        created_by=acting_user,
        created_at=now,
        expires_at=now + VALID,
    )
    return NewKey(key, secret)


@transaction.atomic
def revoke_key(key: ApiKey, *, acting_user: User, now: datetime) -> None:
    """From now on the key opens nothing. Raises PersonNotAllowed. Revoking twice is no fault."""
    if not _MANAGING & hats(acting_user, key.contract):
        raise PersonNotAllowed
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    User.objects.filter(pk=key.user_id).update(is_active=False)


def live_keys(contract: Contract, *, now: datetime) -> "QuerySet[ApiKey]":
    """Keys that open the contract now."""
    return ApiKey.objects.filter(contract=contract, revoked_at=None, expires_at__gt=now)


def key_of(secret: str, *, now: datetime) -> ApiKey | None:
    """The key that a secret is, with its contract and account; None for any other text, and for keys that ended."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != START or len(secret) > 200:
        return None
    key = (
        ApiKey.objects.select_related("contract__jurisdiction", "contract__unit", "user")
        .filter(prefix=parts[1], revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if key is None or not hmac.compare_digest(key.digest, _digest(secret)):
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
