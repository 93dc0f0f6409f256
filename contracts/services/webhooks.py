"""Telling operators' machines: an event becomes a row for each address, in the transaction of the event; a sweep sends it.

At least once: each carries an id, by which a receiver knows a second copy. Signed: `Geoportal-Signature: t=<seconds>,v1=<hex>`,
HMAC-SHA256 over `<seconds>.<body>` with the address's own secret.
"""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.crypto import salted_hmac

from accounts.models import Role, User
from contracts.cases import cases_of
from contracts.errors import AddressRefused, EventsMissing, TooManyWebhooks
from contracts.models import Contract, Finding, FindingEvent, Statement, Webhook, WebhookDelivery
from contracts.outward import NotAllowed, check_address, post
from contracts.permissions import hats
from contracts.procedure import PersonNotAllowed
from queueing.models import QueueState, claims, fail, finish

logger = logging.getLogger(__name__)

MAX_WEBHOOKS = 5
# Cases that are older when an address is entered, or a sweep slept, are not announced any more.
CASES_KEPT = timedelta(days=2)
LEASE = timedelta(seconds=60)
DELIVERIES_KEPT = timedelta(days=30)
_Event = Webhook.Event


@transaction.atomic
def add_webhook(contract: Contract, url: str, events: list[str], *, acting_user: User, now: datetime) -> Webhook:
    """Tell an address of these events from now on. Raises PersonNotAllowed, AddressRefused, EventsMissing, TooManyWebhooks."""
    _require_operator(contract, acting_user)
    chosen = [event for event in _Event.values if event in events]
    if not chosen:
        raise EventsMissing
    try:
        check_address(url)
    except NotAllowed:
        raise AddressRefused from None
    if contract.webhooks.filter(is_active=True).count() >= MAX_WEBHOOKS:
        raise TooManyWebhooks
    return Webhook.objects.create(contract=contract, url=url, events=chosen, created_by=acting_user, created_at=now)


@transaction.atomic
def remove_webhook(webhook: Webhook, *, acting_user: User) -> None:
    """Tell it nothing any more; what waits is not sent. Raises PersonNotAllowed."""
    _require_operator(webhook.contract, acting_user)
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False)
    webhook.deliveries.filter(queue_state=QueueState.DUE).update(queue_state=QueueState.CANCELLED, leased_until=None)


def secret_of(webhook: Webhook) -> str:
    """What the address's messages are signed with: derived, never stored; a new version makes a new one."""
    return salted_hmac("contracts.webhook", f"{webhook.pk}:{webhook.version}", algorithm="sha256").hexdigest()


def announce(finding: Finding, event: FindingEvent) -> None:
    """A step of a finding, for the contract's addresses; in the caller's transaction."""
    kind = _Event.FINDING_OPENED if event.verb == "open" else _Event.FINDING_CHANGED
    _put(finding.contract, kind, str(event.pk), {"finding": finding_json(finding)}, event.at)


def announce_statement(statement: Statement) -> None:
    """An issued statement, for the contract's addresses; in the caller's transaction."""
    body = {"statement": {"month": f"{statement.month:%Y-%m}", "total_centimes": statement.total_centimes}}
    _put(statement.contract, _Event.STATEMENT_ISSUED, str(statement.pk), body, statement.issued_at)


def announce_cases(*, now: datetime) -> int:
    """New cases, for the addresses that want to know; each once, however often it runs; how many rows were put.

    Looks at what is there and not yet announced, never at what came after the last one it saw: a case that was filed
    earlier and committed later is not missed.
    """
    put = 0
    hooks = Webhook.objects.filter(is_active=True, events__contains=[_Event.CASE_RECEIVED.value])
    for webhook in hooks.select_related("contract__jurisdiction", "contract__unit"):
        known = WebhookDelivery.objects.filter(
            webhook=webhook, event=_Event.CASE_RECEIVED, reference=OuterRef("tracking_number")
        )
        fresh = (
            cases_of(webhook.contract)
            .filter(~Exists(known), submitted_at__gte=max(webhook.created_at, now - CASES_KEPT))
            .select_related("category", "district")
        )
        rows = [
            _delivery(webhook, _Event.CASE_RECEIVED, case.tracking_number, {"case": case_json(case)}, now)
            for case in fresh[:500]
        ]
        put += len(WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True))
    return put


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Send what is due, oldest first; how many arrived. Trouble with one address holds up no other for long."""
    sent = 0
    for delivery in claims(WebhookDelivery, now=now, limit=limit, lease=LEASE):
        sent += _send(delivery, now)
    return sent


def forget_old_deliveries(*, now: datetime) -> int:
    """Delete deliveries that ended a month ago; how many."""
    ended = WebhookDelivery.objects.exclude(queue_state=QueueState.DUE)
    return ended.filter(created_at__lt=now - DELIVERIES_KEPT).delete()[0]


def sign_body(secret: str, body: bytes, seconds: int) -> str:
    """The header by which a receiver knows that a message is ours and fresh."""
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={mac}"


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding for machines: what the operator may know of it, without words."""
    return {
        "number": finding.number,
        "state": finding.state,
        "clause": finding.clause.code,
        "tracking_number": finding.complaint.tracking_number,
        "occurred_on": finding.occurred_on.isoformat(),
        "answer_due_at": finding.answer_due_at.isoformat(),
        "appeal_due_at": finding.appeal_due_at.isoformat() if finding.appeal_due_at else None,
        "updated_at": finding.updated_at.isoformat(),
    }


def case_json(case: Any) -> dict[str, Any]:
    """A case for machines: facts only, no words of people."""
    return {
        "tracking_number": case.tracking_number,
        "state": case.state,
        "category": case.category.code,
        "district": case.district.code if case.district else None,
        "longitude": round(case.point.x, 6),
        "latitude": round(case.point.y, 6),
        "submitted_at": case.submitted_at.isoformat(),
        "answered_at": case.answered_at.isoformat() if case.answered_at else None,
        "answer_due_at": case.answer_due_at.isoformat() if case.answer_due_at else None,
        "resolution_due_at": case.resolution_due_at.isoformat() if case.resolution_due_at else None,
    }


def _put(contract: Contract, event: Webhook.Event, reference: str, body: Mapping[str, Any], now: datetime) -> None:
    hooks = Webhook.objects.filter(contract=contract, is_active=True, events__contains=[event.value])
    WebhookDelivery.objects.bulk_create(
        (_delivery(webhook, event, reference, body, now) for webhook in hooks), ignore_conflicts=True
    )


def _delivery(
    webhook: Webhook, event: Webhook.Event, reference: str, body: Mapping[str, Any], now: datetime
) -> WebhookDelivery:
    row = WebhookDelivery(
        webhook=webhook, event=event, reference=reference, created_at=now, next_attempt_at=now, body={}
    )
    row.body = {
        "id": str(row.public_id),
        "type": event.value,
        "created_at": now.isoformat(),
        "contract": webhook.contract.code,
        "jurisdiction": webhook.contract.jurisdiction.code,
        **body,
    }
    return row


def _send(delivery: WebhookDelivery, now: datetime) -> bool:
    webhook = Webhook.objects.get(pk=delivery.webhook_id)
    body = orjson.dumps(delivery.body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Geoportal-Webhook/1",
        "Geoportal-Event": delivery.event,
        "Geoportal-Delivery": str(delivery.public_id),
        "Geoportal-Signature": sign_body(secret_of(webhook), body, int(now.timestamp())),
    }
    try:
        status = post(webhook.url, body, headers)
    except NotAllowed as refused:
        fail(delivery, f"refused: {refused}", now=now, permanent=True)
        return False
    except OSError as trouble:
        fail(delivery, f"{type(trouble).__name__}: {trouble}", now=now)
        return False
    if 200 <= status < 300:
        return finish(delivery, delivered_at=now, status_code=status)
    # 410 says that the address is gone for good.
    WebhookDelivery.objects.filter(pk=delivery.pk).update(status_code=status)
    if fail(delivery, f"answered {status}", now=now, permanent=status == 410) == QueueState.FAILED:
        logger.warning("webhook delivery %s was given up", delivery.pk)
    return False


def _require_operator(contract: Contract, user: User) -> None:
    if Role.OPERATOR_USER not in hats(user, contract):
        raise PersonNotAllowed
