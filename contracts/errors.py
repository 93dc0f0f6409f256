"""Refusals of the services, in the caller's language."""

from django.utils.translation import gettext_lazy as _

from complaints.errors import Refusal


class ContractError(Refusal):
    """A refusal of this room."""


class NoContract(ContractError):
    code = "no_contract"
    message = _("No contract covers this complaint: its operator, service, place and day are looked at.")


class NotABreach(ContractError):
    code = "not_a_breach"
    message = _("The complaint's history shows no breach of this clause by this operator.")
    field = "clause"


class AlreadyAlleged(ContractError):
    code = "already_alleged"
    message = _("There is a finding about this thing already. Each thing is alleged once, however many reported it.")


class EvidenceNotDisclosed(ContractError):
    code = "evidence_not_disclosed"
    message = _(
        "The operator may not see this photo, so it cannot be held against it. Have it released or passed on first."
    )
    field = "photos"


class ArgumentsMissing(ContractError):
    code = "arguments_missing"
    message = _("Write at least one argument.")
    field = "arguments"


class TooManyArguments(ContractError):
    code = "too_many_arguments"
    message = _("At most ten arguments.")
    field = "arguments"


class RepliesMissing(ContractError):
    code = "replies_missing"
    message = _("Each argument needs a reply before anything can be decided.")
    field = "replies"


class AuthorityMissing(ContractError):
    code = "authority_missing"
    message = _("Name the deliberation, order or judgment that allows this.")
    field = "authority"


class AmountInvalid(ContractError):
    code = "amount_invalid"
    message = _("This amount cannot be used.")
    field = "amount"


class WaiverTooLarge(AmountInvalid):
    message = _("Waive more than nothing, and at most what is left of the penalty.")


class PeriodOver(ContractError):
    code = "period_over"
    message = _("The time to do this has passed.")


class MonthLocked(ContractError):
    code = "month_locked"
    message = _("The statement of this month was issued; nothing of it can be changed any more.")
    field = "month"


class MonthNotOver(ContractError):
    code = "month_not_over"
    message = _("This month is not over yet.")
    field = "month"


class TurnoverMissing(ContractError):
    code = "turnover_missing"
    message = _("Enter the turnover first: the contract limits the penalties of a month to a share of it.")
    field = "month"


class EarlierMonthOpen(ContractError):
    code = "earlier_month_open"
    message = _("An earlier month has entries and no statement yet. Issue that one first.")
    field = "month"


class AlreadyIssued(ContractError):
    code = "already_issued"
    message = _("The statement of this month was issued already.")
    field = "month"


class ReferenceUsed(ContractError):
    code = "reference_used"
    message = _("A payment with this reference is recorded already.")
    field = "reference"


class ReferenceMissing(ContractError):
    code = "reference_missing"
    message = _("Give the number of the receipt or transfer.")
    field = "reference"


class DayInvalid(ContractError):
    code = "day_invalid"
    message = _("This day lies before the order or in the future.")
    field = "paid_on"


class AlreadyCorrected(ContractError):
    code = "already_corrected"
    message = _("This payment was taken back already.")


class NameMissing(ContractError):
    code = "name_missing"
    message = _("Give it a name by which you know it again.")
    field = "name"


class TooManyKeys(ContractError):
    code = "too_many_keys"
    message = _("There are ten keys already. Take one back first.")


class AddressRefused(ContractError):
    code = "address_refused"
    message = _("Give an https address that can be reached from the internet.")
    field = "url"


class TooManyWebhooks(ContractError):
    code = "too_many_webhooks"
    message = _("There are five addresses already. Remove one first.")


class EventsMissing(ContractError):
    code = "events_missing"
    message = _("Choose at least one event.")
    field = "events"
