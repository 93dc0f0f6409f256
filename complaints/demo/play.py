"""Playing stories through the real services, each step at the time it would have happened."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import F, Max

from accounts.models import Role, User
from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.demo.photos import photo
from complaints.demo.places import City
from complaints.demo.story import Fate, Story, seen_at, story
from complaints.demo.things import KIND_OF_SERVICE, new_thing, tell
from complaints.demo.words import ANSWERS, DESCRIPTIONS, NOTES
from complaints.models import Complaint
from complaints.services.allocation import assign
from complaints.services.correspondence import answer
from complaints.services.joining import join
from complaints.services.merging import merge
from complaints.services.publication import review_text
from complaints.services.quarantine import NewFile
from complaints.services.submission import NewComplaint, NewReporter, submit
from complaints.services.transitions import change_state
from complaints.tracking import numbered_tracking_number
from complaints.workflow import EvidenceReason, RejectReason, Verb
from notifications.models import OutboxMessage
from queueing.models import QueueState

SOURCE = "demo"
# Letters of the last day are delivered, to be looked at; those before it have been.
STILL_TO_DELIVER = timedelta(days=1)
_AN_HOUR = timedelta(hours=1)


def newest_letter() -> int:
    """The number of the letter that was written last."""
    return OutboxMessage.objects.aggregate(newest=Max("pk"))["newest"] or 0


def call_sent(*, after: int, before: datetime) -> None:
    """Letters that the past wrote are no work of today: real people's mail would wait behind years of them."""
    OutboxMessage.objects.filter(pk__gt=after, queue_state=QueueState.DUE, created_at__lt=before).update(
        queue_state=QueueState.DONE, leased_until=None, sent_at=F("created_at")
    )


class Stage:
    """Everything that the stories of one city and seed share."""

    def __init__(
        self, city: Jurisdiction, *, seed: int, until: datetime, clerk: User, moderator: User, crew: User
    ) -> None:
        self.city, self.seed, self.until = city, seed, until
        self.clerk, self.moderator, self.crew = clerk, moderator, crew
        self.crew_unit = crew.memberships.get(role=Role.CREW_MEMBER, jurisdiction=city).unit
        self.catalogue: Snapshot = current_snapshot(city)
        self.shapes = City(city)
        self.services = [code for code, service in self.catalogue.services.items() if service.is_active]
        self.by_service: dict[str, list[Category]] = {code: [] for code in self.services}
        for category in self.catalogue.categories.values():
            if category.is_active and category.service.code in self.by_service:
                self.by_service[category.service.code].append(category)

    def story(self, number: int) -> Story:
        hot_spots = max(1, len(self.shapes.hot_spots))
        return story(number, seed=self.seed, until=self.until, services=self.services, hot_spots=hot_spots)

    def missing(self, count: int) -> list[int]:
        """The numbers up to `count` that were not played yet."""
        played = set(
            Complaint.objects.filter(jurisdiction=self.city, source=SOURCE).values_list("source_id", flat=True)
        )
        return [number for number in range(count) if self._source_id(number) not in played]

    def play(self, numbers: list[int], *, batch: int = 20) -> Iterator[int]:
        """Play stories in transactions of `batch` (a whole story or nothing); yields each number when it is done."""
        for start in range(0, len(numbers), batch):
            part = numbers[start : start + batch]
            with transaction.atomic():
                newest = newest_letter()
                for number in part:
                    self._play(self.story(number))
                call_sent(after=newest, before=self.until - STILL_TO_DELIVER)
            yield from part

    def _source_id(self, number: int) -> str:
        return f"{self.seed}-{number}"

    def _play(self, tale: Story) -> None:
        original = self.story(tale.twin_of) if tale.twin_of is not None else tale
        category = self._category(original)
        longitude, latitude = self.shapes.place_of(original)
        if original is not tale:
            longitude, latitude = longitude + tale.spread[0] * 0.00009, latitude + tale.spread[1] * 0.00007
        at = (
            tale.at if original is tale else min(max(tale.at, original.at), original.at + timedelta(days=9), self.until)
        )
        files = [NewFile("photo.jpg", photo(tale.number, category.service.colour))] if tale.has_photo else []
        given = submit(
            NewComplaint(
                category=category.code,
                longitude=round(longitude, 6),
                latitude=round(latitude, 6),
                reporter=NewReporter(language=tale.language),
                channel=Complaint.Channel.WEB,
                description=self._words(tale, original),
                files=files,
                jurisdiction_id=self.city.pk,
                tracking_number=self._tracking_number(tale.number),
                source=SOURCE,
                source_id=self._source_id(tale.number),
            ),
            now=at,
        )
        self._live(tale, given.complaint_id, category, at)
        if original is not tale:
            self._merge(given.complaint_id, original)

    def _words(self, tale: Story, original: Story) -> str:
        """What she writes: of things that the demo knows by sight, what and where; else something that fits anything."""
        kind = KIND_OF_SERVICE.get(original.service)
        if kind is None:
            texts = DESCRIPTIONS[tale.language]
            return texts[int(tale.text_draw * len(texts))]
        thing = new_thing(Random(f"{self.seed}:thing:{original.number}"), kind)
        rng = Random(f"{self.seed}:told:{tale.number}")
        in_darija = tale.language == "ar" and rng.random() < 0.35
        return tell(thing, "ary" if in_darija else tale.language, rng)

    def _merge(self, complaint_id: int, original: Story) -> None:
        """Two of three second reports are known for what they are, if both are still open."""
        first = Complaint.objects.filter(
            jurisdiction=self.city, source=SOURCE, source_id=self._source_id(original.number)
        ).first()
        if first is None or not first.is_open or original.text_draw > 0.66:
            return
        primary = first.merged_into_id or first.pk
        if primary != complaint_id and Complaint.objects.open().filter(pk__in=(primary, complaint_id)).count() == 2:
            merge(complaint_id, primary, acting_user=self.clerk, now=self.until)

    def _category(self, tale: Story) -> Category:
        categories = self.by_service[tale.service]
        return categories[int(tale.category_draw * len(categories))]

    def _tracking_number(self, number: int) -> str:
        digest = hashlib.sha256(f"{self.city.code}:{self.seed}:{number}".encode()).digest()
        return numbered_tracking_number(self.city.tracking_prefix, int.from_bytes(digest[:8], "big"))

    def _live(self, tale: Story, complaint_id: int, category: Category, at: datetime) -> None:
        # Who joins an older story files later than her own would have been: less of it has happened.
        fate, language = seen_at(tale.fate, (self.until - at) / _AN_HOUR), tale.language
        if fate.accept is None:
            return
        step = at + fate.accept * _AN_HOUR
        accepted = change_state(complaint_id, Verb.ACCEPT, acting_user=self.clerk, now=step, tell=False)
        # About half of its unit's work is the demo crew's: its day has a list, the desk has something left to assign.
        if accepted.unit == self.crew_unit and tale.category_draw < 0.5:
            assign(complaint_id, self.crew, acting_user=self.clerk, now=step)
        if tale.text_draw < 0.7 and category.publish_text != Category.Release.NEVER and not category.urgent:
            review_text(complaint_id, release=tale.text_draw < 0.62, acting_user=self.moderator, now=step)
        if fate.answer is not None and fate.how != "withdraw":
            answer(complaint_id, ANSWERS[language], acting_user=self.clerk, now=at + fate.answer * _AN_HOUR)
        if fate.how in {"ask", "withdraw"} and fate.start is not None:
            verb = Verb.ASK if fate.how == "ask" else Verb.WITHDRAW
            self._step(complaint_id, verb, tale, at + fate.start * _AN_HOUR)
            return
        if fate.start is not None and fate.how == "resolve":
            self._step(complaint_id, Verb.START, tale, at + fate.start * _AN_HOUR)
        self._neighbours(tale, complaint_id, at, fate)
        if fate.end is not None and fate.how in {"resolve", "reject", "out_of_scope"}:
            self._step(complaint_id, Verb(fate.how), tale, at + fate.end * _AN_HOUR)
            self._afterwards(tale, complaint_id, at + fate.end * _AN_HOUR)

    def _afterwards(self, tale: Story, complaint_id: int, ended: datetime) -> None:
        said = ended + timedelta(hours=5 + 60 * tale.text_draw)
        if tale.fate.how != "resolve" or tale.fate.after == "nothing" or said >= self.until:
            return
        self._step(complaint_id, Verb(tale.fate.after), tale, said)
        again = said + timedelta(days=2 + 6 * tale.text_draw)
        if tale.fate.after == "contest" and again < self.until:
            self._step(complaint_id, Verb.RESOLVE, tale, again)

    def _neighbours(self, tale: Story, complaint_id: int, at: datetime, fate: Fate) -> None:
        """Others who meet the same thing while it stands say "me too": many where people report readily, few elsewhere."""
        rng = Random(f"{self.seed}:neighbours:{tale.number}")
        last = max(hours for hours in (fate.accept, fate.answer, fate.start, 0.0) if hours is not None)
        since, until = at + last * _AN_HOUR, self.until if fate.end is None else at + fate.end * _AN_HOUR
        readily = tale.hot_spot is not None and tale.hot_spot % 3 != 2
        number = sum(rng.random() < (0.3 if readily else 0.12) for _ in range(3))
        complaint = Complaint.objects.get(pk=complaint_id)
        if not complaint.has_public_page or not complaint.is_open or complaint.merged_into_id or since >= until:
            return
        for voice, share in enumerate(sorted(rng.random() for _ in range(number))):
            digest = hashlib.sha256(f"{self.city.code}:{self.seed}:{tale.number}:{voice}".encode()).hexdigest()
            join(complaint_id, voice=digest, now=since + share * (until - since))

    def _step(self, complaint_id: int, verb: Verb, tale: Story, at: datetime) -> None:
        by_reporter = verb in {Verb.CONFIRM, Verb.CONTEST, Verb.WITHDRAW}
        reason = {Verb.REJECT: RejectReason.NOT_FOUNDED.value, Verb.RESOLVE: EvidenceReason.NO_TRACE.value}.get(
            verb, ""
        )
        change_state(
            complaint_id,
            verb,
            acting_user=None if by_reporter else self.clerk,
            now=at,
            note=NOTES.get(verb.value, {}).get(tale.language, ""),
            reason=reason,
            tell=False,
        )
