"""Which facts of a complaint a member of staff may see (product.md "Who sees what"). Pure.

Views build their context through it, so that a template has nothing to leak.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Role, User
from complaints.models import Attachment, Complaint, Event, Message, Reporter
from complaints.permissions import DESK, KNOWING_PLACES, MODERATING, WORKING, hats

# The reporter's name and contact: clerks of the unit that answers, triage, administrators. Nobody else.
_KNOWS_REPORTER = DESK
# Words and photos as they came, before any moderator: whoever handles or reviews them, crews on site among them.
_READS_UNRELEASED = MODERATING | {Role.CREW_MEMBER}
_STAFF_FILES = frozenset({Attachment.Purpose.BEFORE, Attachment.Purpose.AFTER})


@dataclass(frozen=True)
class Disclosure:
    """What one person may see of one complaint."""

    user_id: int
    sees_reporter: bool
    sees_place: bool
    sees_text: bool
    sees_unreleased_photos: bool
    sees_work_photos: bool
    sees_answers: bool
    sees_correspondence: bool
    sees_notes: bool
    sees_internal_steps: bool

    def reporter(self, complaint: Complaint) -> Reporter | None:
        """The reporter, for who may know her; None too where the record came without one."""
        return getattr(complaint, "reporter", None) if self.sees_reporter else None

    def text(self, complaint: Complaint) -> str | None:
        """Her words: as she wrote them for who handles them, as they were released for others; None for who sees none."""
        if not self.sees_text:
            return None
        return complaint.description if self.sees_unreleased_photos else complaint.released_description

    def photos(self, files: Iterable[Attachment]) -> list[Attachment]:
        return [file for file in files if self.sees_file(file)]

    def sees_file(self, file: Attachment) -> bool:
        """Released photos are everybody's; those of the work belong to who works on it; others wait for review."""
        if file.is_image and file.review == Complaint.Review.RELEASED:
            return True
        if file.purpose in _STAFF_FILES and self.sees_work_photos:
            return True
        return self.sees_unreleased_photos

    def sees_event(self, event: Event) -> bool:
        """Internal steps are for who works on it; that a note exists, for who may read notes."""
        if event.is_public:
            return True
        if event.kind == Event.Kind.NOTED:
            return self.sees_notes
        return self.sees_internal_steps

    def messages(self, messages: Iterable[Message]) -> list[Message]:
        return [message for message in messages if self.sees_message(message)]

    def sees_message(self, message: Message) -> bool:
        """Public answers are everybody's, one's own words one's own; the rest depends on the audience."""
        if message.audience == Message.Audience.PUBLIC and not message.from_reporter:
            return True
        if message.author_id == self.user_id:
            return True
        if message.audience == Message.Audience.INTERNAL:
            return self.sees_notes
        return self.sees_correspondence


def disclosure(user: User, complaint: Complaint) -> Disclosure:
    """What `user` may see of `complaint`; of one that is outside all her scopes, nothing but what is public."""
    worn = hats(user, complaint)
    released = complaint.text_review == Complaint.Review.RELEASED
    passed_on = Role.OPERATOR_USER in worn and complaint.passed_to_operator
    unreleased = bool(worn & _READS_UNRELEASED) or passed_on
    return Disclosure(
        user_id=user.pk,
        sees_reporter=bool(worn & _KNOWS_REPORTER),
        sees_place=bool(worn & KNOWING_PLACES),
        sees_text=released or unreleased,
        sees_unreleased_photos=unreleased,
        sees_work_photos=bool(worn & (WORKING | MODERATING)),
        sees_answers=bool(worn & (WORKING | MODERATING)),
        sees_correspondence=bool(worn & DESK) or passed_on,
        sees_notes=bool(worn & DESK),
        sees_internal_steps=bool(worn & (WORKING | MODERATING)),
    )
