"""Operators and the treasury: contracts, findings and their procedure, the ledger, statements, machine access."""

from contracts.models.contract import Clause, Contract, ContractVersion, IndexValue, Treasury, Turnover
from contracts.models.finding import (
    Argument,
    Decision,
    Evidence,
    Finding,
    FindingEvent,
    FindingFile,
    Reply,
    Signature,
)
from contracts.models.ledger import CollectionOrder, DayHead, LedgerEntry, Payment, Statement, StatementLine
from contracts.models.machine import ApiKey, Webhook, WebhookDelivery
from contracts.models.paper import Paper

__all__ = [
    "ApiKey",
    "Argument",
    "Clause",
    "CollectionOrder",
    "Contract",
    "ContractVersion",
    "DayHead",
    "Decision",
    "Evidence",
    "Finding",
    "FindingEvent",
    "FindingFile",
    "IndexValue",
    "LedgerEntry",
    "Paper",
    "Payment",
    "Reply",
    "Signature",
    "Statement",
    "StatementLine",
    "Treasury",
    "Turnover",
    "Webhook",
    "WebhookDelivery",
]
