"""Refusals of the services: one class with a stable code and a sentence for the caller, in her language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """A refusal. `code` is stable; `message` says it to a person; `field` names the input at fault, if one is."""

    code = "invalid"
    message: str | Promise = _("This was not accepted.")
    field = ""

    def __init__(self, message: str | Promise | None = None, *, field: str | None = None) -> None:
        super().__init__(self.code)
        if message is not None:
            self.message = message
        if field is not None:
            self.field = field


class ComplaintError(Refusal):
    """A refusal whose `code` is the API's."""


class OutsideJurisdictions(ComplaintError):
    code = "outside_jurisdictions"
    message = _("This point lies outside every city served here. Move the pin into the city.")
    field = "latitude"


class UnknownCategory(ComplaintError):
    code = "unknown_category"
    message = _("This category does not exist here. Choose one of the list.")
    field = "category"


class AnswerInvalid(ComplaintError):
    code = "invalid"
    message = _("This answer does not fit the question.")
    field = "answers"


class TooManyFiles(ComplaintError):
    code = "too_many_files"
    message = _("At most five files can be attached.")
    field = "files"


class FileRefused(ComplaintError):
    code = "file_type_refused"
    message = _("This kind of file is not accepted. Attach a JPEG, PNG, WEBP or HEIC photo, or a PDF.")
    field = "files"


class FileTooLarge(ComplaintError):
    code = "file_too_large"
    message = _("This file is larger than 10 MB.")
    field = "files"


class IdempotencyMismatch(ComplaintError):
    code = "idempotency_mismatch"
    message = _("This Idempotency-Key was used with another content.")


class IdempotencyInProgress(ComplaintError):
    code = "idempotency_in_progress"
    message = _("The first request with this Idempotency-Key is still running. Try again in a moment.")


class MessageEmpty(ComplaintError):
    code = "invalid"
    message = _("Please write a few words.")
    field = "text"


class MessageTooLong(ComplaintError):
    code = "invalid"
    message = _("At most 4,000 characters.")
    field = "text"


class ReporterErased(ComplaintError):
    code = "conflict"
    message = _("The personal data of this complaint were erased; nothing can be added any more.")


class ChangedMeanwhile(ComplaintError):
    code = "conflict"
    message = _("Somebody changed this complaint meanwhile. Nothing was overwritten: look at it again, then decide.")


class SameUnit(ComplaintError):
    code = "same_unit"
    message = _("This unit already answers for the complaint. Choose another one.")
    field = "unit"


class SameCategory(ComplaintError):
    code = "same_category"
    message = _("The complaint already has this category. Choose another one.")
    field = "category"


class NotACrewMember(ComplaintError):
    code = "not_a_crew_member"
    message = _("This person is not in a crew of the unit that answers.")
    field = "crew_member"


class NeverPublished(ComplaintError):
    code = "never_published"
    message = _("The category's policy keeps this from the public.")


class NothingToReview(ComplaintError):
    code = "nothing_to_review"
    message = _("There is nothing here that could be published.")


class MergedAway(ComplaintError):
    code = "merged"
    message = _("This complaint is handled together with another one. Act on that one, or separate them first.")


class CannotMerge(ComplaintError):
    code = "cannot_merge"
    message = _("These two complaints cannot be merged.")
    field = "number"


class NotAlike(ComplaintError):
    """Two complaints that are hardly about one thing; who is sure of it may say so."""

    code = "not_alike"
    message = _("These two complaints are hardly about the same thing.")
    field = "sure"


class NotMerged(ComplaintError):
    code = "not_merged"
    message = _("This complaint is not merged with another one.")


class CannotJoin(ComplaintError):
    code = "cannot_join"
    message = _("This complaint is closed or not public: nobody can join it. Report the problem anew.")


class NotAsked(ComplaintError):
    code = "not_asked"
    message = _("There is nothing to confirm or contest here now.")


class TooLateToUndo(ComplaintError):
    code = "conflict"
    message = _("The ten seconds are over: what was done stands, and messages about it have left.")


class NotAFilter(ComplaintError):
    code = "invalid"
    message = _("Give the filter a name. Twenty filters are kept at most.")
    field = "name"


class ReplyRefused(ComplaintError):
    code = "invalid"
    message = _("This text cannot be kept.")
    field = "texts"


class NothingHandedOver(ComplaintError):
    code = "nothing_handed_over"
    message = _("Nothing waits here for your unit's acceptance.")


class NotForwarded(ComplaintError):
    code = "not_forwarded"
    message = _(
        "This complaint cannot be passed on: no other body with an e-mail address is named, or it was passed on."
    )
    field = "body"


class SamePlace(ComplaintError):
    code = "same_place"
    message = _("The pin is there already. Choose another place.")
    field = "latitude"


class CannotSplit(ComplaintError):
    code = "cannot_split"
    message = _("This complaint has no reporter any more: nothing can be filed in her name.")
