"""Tracking numbers (`TET-7K3Q-9XWM`) and secret links. A number names a complaint and carries no right; a link does."""

import base64
import binascii
import hmac
import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from complaints.models import Complaint

# 31 symbols without 0/O, 1/I/L: a prime, so the check symbol below finds every wrong symbol and every swapped pair.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_RANDOM_SYMBOLS = 7
_MAC_BYTES = 16

# What a token is for; each allows that and nothing else.
CLOSING, REPLY = "closing", "reply"


def new_tracking_number(prefix: str) -> str:
    """A random number with a check symbol, such as TET-7K3Q-9XWM. Uniqueness is the database's to keep."""
    return numbered_tracking_number(prefix, secrets.randbelow(len(ALPHABET) ** _RANDOM_SYMBOLS))


def numbered_tracking_number(prefix: str, number: int) -> str:
    """The tracking number whose random part is `number`, for records that must be the same each time they are made."""
    body = ""
    for _ in range(_RANDOM_SYMBOLS):
        number, rest = divmod(number, len(ALPHABET))
        body += ALPHABET[rest]
    symbols = body + _check_symbol(body)
    return f"{prefix}-{symbols[:4]}-{symbols[4:]}"


def normalise_tracking_number(text: str) -> str | None:
    """The number as stored, from what a person typed: any case, spaces for hyphens, Arabic or wide digits. None if it is none."""
    compact = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    compact = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in compact)
    prefix, symbols = compact[:-8], compact[-8:]
    if not 1 <= len(prefix) <= 6 or not prefix.isascii() or any(c not in ALPHABET for c in symbols):
        return None
    if _check_symbol(symbols[:-1]) != symbols[-1]:
        return None
    return f"{prefix}-{symbols[:4]}-{symbols[4:]}"


def _check_symbol(body: str) -> str:
    """Weights 2, 3, 4… modulo 31: each is invertible, neighbours differ by one."""
    total = sum(weight * ALPHABET.index(symbol) for weight, symbol in enumerate(body, start=2))
    return ALPHABET[total % len(ALPHABET)]


def secret_token(complaint_id: int, link_version: int, *, purpose: str = "reporter") -> str:
    """The secret link's token: complaint id and a 128-bit MAC over id, purpose and version. Derived, never stored."""
    number = complaint_id.to_bytes(8, "big")
    return _encode(number + _mac(complaint_id, link_version, purpose, settings.SECRET_KEY))


def complaint_id_of(token: str) -> int | None:
    """The id a token claims; trust it only after `token_matches`. None if the text is no token at all."""
    raw = _decode(token)
    return int.from_bytes(raw[:8], "big") if raw is not None else None


def token_matches(token: str, complaint_id: int, link_version: int, *, purpose: str = "reporter") -> bool:
    """True if the token was made for this complaint, purpose and version, with the present or a former secret key."""
    raw = _decode(token)
    if raw is None or int.from_bytes(raw[:8], "big") != complaint_id:
        return False
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(raw[8:], _mac(complaint_id, link_version, purpose, key)) for key in keys)


def _mac(complaint_id: int, link_version: int, purpose: str, key: str) -> bytes:
    value = f"{complaint_id}:{purpose}:{link_version}"
    signing = _keyed(key).copy()
    signing.update(value.encode())
    return signing.digest()[:_MAC_BYTES]


@lru_cache(maxsize=8)
def _keyed(key: str) -> hmac.HMAC:
    """The signature of nothing yet under one secret key; to be copied. To derive it took longer than to sign."""
    return salted_hmac("complaints.secret-link", "", secret=key, algorithm="sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(token: str) -> bytes | None:
    if len(token) != 32 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == 8 + _MAC_BYTES and int.from_bytes(raw[:8], "big") < 2**63 else None


def reply_address(complaint: "Complaint") -> str:
    """Where a reporter's answer to a mail goes: an address that only she was given. Empty where no replies are taken."""
    name, _, domain = settings.REPLY_TO.rpartition("@")
    if not domain:
        return ""
    raw = complaint.pk.to_bytes(8, "big") + _mac(complaint.pk, complaint.link_version, REPLY, settings.SECRET_KEY)
    # Base 32 without capitals: some mail servers change the case of what stands before the @.
    return f"{name}+{base64.b32encode(raw).decode().rstrip('=').lower()}@{domain}"


def replied_complaint(address: str) -> tuple[int, Callable[[int], bool]] | None:
    """The complaint id that a reply address names, and the check of its signature for a link version. None if it is none."""
    local, _, domain = address.strip().lower().rpartition("@")
    name, _, own_domain = settings.REPLY_TO.lower().rpartition("@")
    begin = f"{name}+"
    if not own_domain or domain != own_domain or not local.startswith(begin):
        return None
    text = local.removeprefix(begin).upper()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 8 + _MAC_BYTES:
        return None
    number = int.from_bytes(raw[:8], "big")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]

    def matches(link_version: int) -> bool:
        return any(hmac.compare_digest(raw[8:], _mac(number, link_version, REPLY, key)) for key in keys)

    return number, matches
