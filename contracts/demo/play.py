"""Six months of made-up findings in every state, played through the real services in the order in which they would have happened.

Each contract gets complaints of its own, so that how many others the demo has changes nothing. Deterministic for one
moment, city and seed.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.db import transaction

from accounts.models import User
from catalogue.models import Category, Jurisdiction
from complaints.demo.photos import photo
from complaints.models import Complaint
from complaints.services.correspondence import answer
from complaints.services.publication import review_text
from complaints.services.quarantine import NewFile
from complaints.services.submission import NewComplaint, NewReporter, submit
from complaints.services.transitions import change_state
from complaints.tracking import numbered_tracking_number
from complaints.workflow import EvidenceReason, Verb
from contracts.breaches import history_of, options_for, version_on
from contracts.demo.words import APPEALS, ARGUMENTS, AUTHORITIES, GROUNDS, REASONS, REPLIES
from contracts.models import Clause, Contract, Finding, IndexValue
from contracts.months import local_day, month_of, next_month, previous_month
from contracts.procedure import FindingState, FindingVerb
from contracts.services.decisions import Ruling, decide, sign, withdraw_finding
from contracts.services.figures import enter_index, enter_turnover
from contracts.services.findings import accept_finding, appeal_finding, contest_finding, lapse_due, open_finding
from contracts.services.heads import take_heads
from contracts.services.payments import record_payment
from contracts.services.statements import issue_statement, open_months
from districts.models import District, ServiceArea
from notifications.models import OutboxMessage
from queueing.models import QueueState

SOURCE = "demo-contracts"
STORIES = 20
DAYS = 178
# What was mailed before is long read.
MAILS_KEPT = timedelta(days=7)
V = FindingVerb
# How each story ends, again and again; the last ones are still under way.
_FATES = (
    "justified", "not_justified", "justified", "upheld", "justified", "withdrawn", "reversed", "justified", "waived",
    "justified", "not_justified", "justified", "appealed", "justified",
)  # fmt: skip
_CONTESTED = frozenset({"contested", "not_justified", "upheld", "reversed", "appealed"})
_RUNNING = ("to_sign", "lapsed", "contested", "accepted", "notified", "notified")


@dataclass(frozen=True)
class People:
    """Who acts in the demo. The operator's people answer by the single-case link where they have no account."""

    triage: User
    moderator: User
    manager: User
    treasury: User
    operators: dict[int, User]


@dataclass(frozen=True)
class Story:
    """One thing: when it was filed, by which clause it is judged, and how it ends."""

    number: int
    contract: Contract
    filed: datetime
    about_time: bool
    fate: str
    draw: float


def has_findings(city: Jurisdiction) -> bool:
    return Finding.objects.filter(jurisdiction=city).exists()


def play(city: Jurisdiction, people: People, *, until: datetime, seed: int) -> Iterator[Story]:
    """Play every story of a city's contracts; yields each when its complaint is filed. One transaction: all or nothing."""
    with transaction.atomic():
        stage = _Stage(city, people, until, seed)
        for contract in (
            Contract.objects.filter(jurisdiction=city).select_related("unit", "jurisdiction").order_by("code")
        ):
            if version_on(contract, until.date()) is None:
                continue
            for story in _stories(contract, until, seed):
                if stage.file(story):
                    yield story
            stage.figures(contract)
        stage.run()
        stage.statements()
        OutboxMessage.objects.filter(
            queue_state=QueueState.DUE,
            created_at__lt=until - MAILS_KEPT,
            reference__regex=r"^([A-Z]{1,6}-\d{4}-|ledger-)",
        ).update(queue_state=QueueState.CANCELLED)


def _stories(contract: Contract, until: datetime, seed: int) -> Iterator[Story]:
    rng = Random(f"{seed}:{contract.code}")
    for number in range(STORIES):
        age = DAYS * (1 - number / (STORIES - 1)) + 4 + rng.random() * 3
        if number >= STORIES - len(_RUNNING):
            # Under way: filed long enough ago to be late, lately enough to be undecided.
            age = 26 - 3 * (number - STORIES + len(_RUNNING))
        day = (until - timedelta(days=age)).replace(hour=8 + rng.randrange(8), minute=rng.randrange(60), second=0)
        fates = (*_FATES, *_RUNNING)
        yield Story(number, contract, day, number % 3 != 0, fates[number], rng.random())


class _Stage:
    """The dated steps that are still to come, and what they share."""

    def __init__(self, city: Jurisdiction, people: People, until: datetime, seed: int) -> None:
        self.city, self.people, self.until, self.seed = city, people, until, seed
        self.zone = ZoneInfo(city.time_zone)
        self.waiting: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self.count = 0
        self.first: Contract | None = None
        self.taken = until.date()

    def at(self, moment: datetime, step: Callable[[datetime], object]) -> None:
        """Do something at a moment; what would lie in the future is left undone."""
        if moment < self.until:
            self.count += 1
            heapq.heappush(self.waiting, (moment, self.count, step))

    def run(self) -> None:
        """Everything in the order of its moment, with the ledger's heads taken on the way."""
        head_day: date | None = None
        while self.waiting:
            moment, _, step = heapq.heappop(self.waiting)
            day = local_day(moment, self.city.time_zone)
            if head_day is not None and day > head_day:
                take_heads(now=moment.replace(hour=1))
            head_day = day
            step(moment)

    # --- one story

    def file(self, story: Story) -> bool:
        """File the complaint and plan the rest; False where no category of the contract reaches its operator."""
        found = self._place(story)
        if found is None:
            return False
        category, longitude, latitude = found
        digest = hashlib.sha256(f"{self.city.code}:{story.contract.code}:{self.seed}:{story.number}".encode()).digest()
        language = "ar" if story.number % 2 else "fr"
        given = submit(
            NewComplaint(
                category=category.code,
                longitude=longitude,
                latitude=latitude,
                reporter=NewReporter(language=language),
                channel=Complaint.Channel.WEB,
                description=_DESCRIPTIONS[language],
                jurisdiction_id=self.city.pk,
                tracking_number=numbered_tracking_number(self.city.tracking_prefix, int.from_bytes(digest[:8], "big")),
                source=SOURCE,
                source_id=f"{self.seed}-{story.contract.code}-{story.number}",
            ),
            now=story.filed,
        )
        complaint = Complaint.objects.select_related("unit").get(pk=given.complaint_id)
        if complaint.unit_id != story.contract.unit_id:
            return True
        review_text(complaint.pk, release=True, acting_user=self.people.moderator, now=story.filed + timedelta(hours=3))
        answered = (complaint.answer_due_at or story.filed) + timedelta(days=1.5 if story.about_time else -0.4)
        due = complaint.resolution_due_at or story.filed
        done = due + timedelta(days=2.2 + 5 * story.draw) if story.about_time else due - timedelta(hours=5)
        self.at(max(answered, story.filed + timedelta(hours=4)), lambda now: self._answer(complaint.pk, now))
        self.at(max(done, answered + timedelta(hours=2)), lambda now: self._resolve(complaint.pk, now))
        opened = max(done, answered) + timedelta(days=1.2)
        if story.number >= STORIES - len(_RUNNING):
            opened = min(opened, self.until - timedelta(days=1 + (STORIES - story.number) * 0.6))
            opened = max(opened, max(done, answered) + timedelta(hours=6))
        self.at(opened, lambda now: self._open(story, complaint.pk, now))
        return True

    def _place(self, story: Story) -> tuple[Category, float, float] | None:
        """A category of the contract's services and a point that its operator answers for."""
        rng = Random(f"{self.seed}:{story.contract.code}:{story.number}")
        areas = list(
            ServiceArea.objects.filter(
                jurisdiction=self.city, unit=story.contract.unit_id, edition__is_active=True,
                service__in=story.contract.services.all(),
            ).order_by("code")
        )  # fmt: skip
        if not areas:
            return None
        area = areas[rng.randrange(len(areas))]
        wanted = Category.objects.filter(service=area.service, is_active=True, urgent=False).order_by("code")
        if area.category_id is not None:
            wanted = wanted.filter(pk=area.category_id)
        categories = [category for category in wanted if category.publication == Category.Publication.EXACT]
        if not categories:
            return None
        west, south, east, north = area.geometry.extent
        middle = area.geometry.point_on_surface
        for _ in range(60):
            point = Point(rng.uniform(west, east), rng.uniform(south, north), srid=4326)
            if area.geometry.covers(point) and self._is_in_the_city(point):
                return categories[rng.randrange(len(categories))], round(point.x, 6), round(point.y, 6)
        return categories[0], round(middle.x, 6), round(middle.y, 6)

    def _is_in_the_city(self, point: Point) -> bool:
        return District.objects.active().filter(jurisdiction=self.city, level=1, geometry__covers=point).exists()

    def _answer(self, complaint_id: int, now: datetime) -> None:
        answer(complaint_id, _ANSWER, acting_user=self.people.triage, now=now)

    def _resolve(self, complaint_id: int, now: datetime) -> None:
        reason = EvidenceReason.NO_TRACE.value
        change_state(
            complaint_id, Verb.RESOLVE, acting_user=self.people.triage, now=now, note=_DONE, reason=reason, tell=False
        )

    def _open(self, story: Story, complaint_id: int, now: datetime) -> None:
        complaint = Complaint.objects.select_related("jurisdiction", "category").get(pk=complaint_id)
        options = [option for option in options_for(complaint, history_of(complaint), now=now)
                   if option.contract.pk == story.contract.pk]  # fmt: skip
        timed = [option for option in options if option.due_at is not None]
        chosen = timed[-1] if story.about_time and timed else options[-1] if options else None
        if chosen is None:
            return
        files = [NewFile("constat.jpg", photo(story.number, "#8f6a1d"))] if story.number % 5 == 0 else []
        finding = open_finding(
            complaint_id,
            chosen.clause.pk,
            grounds=GROUNDS[Clause.Breach(chosen.clause.breach)][story.number % 2],
            acting_user=self.people.manager,
            now=now,
            files=files,
        )
        self._plan(story, finding, now)

    def _plan(self, story: Story, finding: Finding, opened: datetime) -> None:
        """What follows the opening, by the story's fate."""
        fate, pk, person = story.fate, finding.pk, self.people.operators.get(finding.contract.unit_id)
        texts = [text for text, _reply in ARGUMENTS[story.number % len(ARGUMENTS)]]
        answered = opened + timedelta(days=2 + 2 * story.draw)
        if fate == "notified":
            return
        if fate == "withdrawn":
            self.at(
                opened + timedelta(days=1),
                lambda now: withdraw_finding(
                    pk, self._words("withdraw", story), acting_user=self.people.manager, now=now
                ),
            )
            return
        if fate == "lapsed" or (fate == "justified" and story.number % 4 == 3):
            lapsed = finding.answer_due_at + timedelta(minutes=5)
            if fate == "lapsed":
                # Shown as it is an hour after its time was over.
                Finding.objects.filter(pk=pk).update(
                    answer_due_at=min(finding.answer_due_at, self.until - timedelta(hours=2))
                )
                lapsed = min(lapsed, self.until - timedelta(hours=1))
            self.at(lapsed, lambda now: lapse_due(now=now))
            answered = lapsed
        elif fate in _CONTESTED or (fate == "justified" and story.number % 4 == 1):
            files = [NewFile("preuve.jpg", photo(100 + story.number, "#0c5c46"))] if story.number % 4 == 1 else []
            self.at(answered, lambda now: contest_finding(pk, texts, acting_user=person, now=now, files=files))
        else:
            self.at(answered, lambda now: accept_finding(pk, acting_user=person, now=now))
        if fate in ("contested", "accepted", "lapsed"):
            return
        decided = self._decision_day(story, answered)
        verb = V.DISMISS if fate == "not_justified" else V.JUSTIFY
        self.at(decided, lambda now: self._decide(story, pk, verb, now))

    def _decision_day(self, story: Story, answered: datetime) -> datetime:
        """Decisions of the first contract began three months ago, the others' three weeks ago: so some months have statements."""
        decided = answered + timedelta(days=3 + 4 * story.draw)
        if story.fate in ("not_justified", "to_sign"):
            return decided
        first = Contract.objects.filter(jurisdiction=self.city).order_by("code").first()
        month = month_of(local_day(self.until, self.city.time_zone))
        for _ in range(3):
            month = previous_month(month)
        start = datetime(month.year, month.month, 3, 10, tzinfo=self.zone)
        if story.contract != first:
            start = self.until - timedelta(days=20)
        return decided if decided > start else start + timedelta(days=1.3 * story.number, hours=story.number)

    def _decide(self, story: Story, pk: int, verb: FindingVerb, now: datetime) -> None:
        finding = Finding.objects.get(pk=pk)
        stage = "appeal" if verb in (V.UPHOLD, V.REVERSE) else "contest"
        arguments = list(finding.arguments.filter(stage=stage)) if verb != V.WAIVE else []
        ruling = Ruling(
            reasons=self._words(verb.value, story),
            replies={row.pk: REPLIES[row.text] for row in arguments},
            authority=AUTHORITIES[story.number % 2] if verb in (V.REVERSE, V.WAIVE) else "",
        )
        decision = decide(pk, verb, ruling, acting_user=self.people.manager, now=now)
        if story.fate == "to_sign" and verb == V.WAIVE:
            return
        if decision.needs_second:
            self.at(
                now + timedelta(days=1),
                lambda at: self._sign(story, pk, decision.pk, verb, at),
            )
            return
        self._afterwards(story, pk, verb, now)

    def _sign(self, story: Story, pk: int, decision_id: int, verb: FindingVerb, now: datetime) -> None:
        sign(pk, decision_id, agreed=True, acting_user=self.people.treasury, now=now)
        self._afterwards(story, pk, verb, now)

    def _afterwards(self, story: Story, pk: int, verb: FindingVerb, now: datetime) -> None:
        person = self.people.operators.get(story.contract.unit_id)
        if verb != V.JUSTIFY or Finding.objects.get(pk=pk).state != FindingState.JUSTIFIED:
            return
        later = now + timedelta(days=2 + 3 * story.draw)
        if story.fate in ("upheld", "reversed", "appealed"):
            text, _reply = APPEALS[story.number % 2]
            self.at(later, lambda at: appeal_finding(pk, [text], acting_user=person, now=at))
            if story.fate != "appealed":
                ruling = V.UPHOLD if story.fate == "upheld" else V.REVERSE
                self.at(later + timedelta(days=4), lambda at: self._decide(story, pk, ruling, at))
        elif story.fate in ("waived", "to_sign"):
            # A waiver always waits for a second person: the last story still does.
            self.at(min(later, self.until - timedelta(hours=3)), lambda at: self._decide(story, pk, V.WAIVE, at))

    def _words(self, kind: str, story: Story) -> str:
        return REASONS[kind][story.number % 2]

    # --- a contract's figures, statements, payments

    def figures(self, contract: Contract) -> None:
        """Index values before everything; each month's turnover on the sixth of the next."""
        rng = Random(f"{self.seed}:{contract.code}:figures")
        month = month_of(local_day(self.until, self.city.time_zone))
        versions = list(contract.versions.all())
        for back in range(1, 9):
            month = previous_month(month)
            if any(version.index_base is not None for version in versions):
                value = Decimal("118.0") + Decimal(9 - back) / 10
                moment = datetime(month.year, month.month, 20, 9, tzinfo=self.zone)
                IndexValue.objects.filter(contract=contract, month=month).exists() or enter_index(
                    contract.pk, month, value, acting_user=self.people.manager, now=moment
                )
            if any(version.cap_percent is not None for version in versions) and back <= 7:
                entered = next_month(month)
                amount = rng.randrange(3_200_000_00, 4_800_000_00, 10_000_00)
                moment = datetime(entered.year, entered.month, 6, 10, tzinfo=self.zone)
                self.at(moment, self._turnover(contract, month, amount))

    def _turnover(self, contract: Contract, month: date, amount: int) -> Callable[[datetime], object]:
        return lambda now: enter_turnover(contract.pk, month, amount, acting_user=self.people.manager, now=now)

    def statements(self) -> None:
        """The two oldest months of the first contract are issued; the first order is paid in two parts."""
        contract = Contract.objects.filter(jurisdiction=self.city).order_by("code").first()
        if contract is None:
            return
        today = local_day(self.until, self.city.time_zone)
        for number, month in enumerate(open_months(contract, today=today)[:2]):
            issued = issue_statement(contract.pk, month, acting_user=self.people.treasury, now=self.until)
            order = getattr(issued, "order", None)
            if number == 0 and order is not None and order.amount_centimes > 0:
                part = order.amount_centimes // 2
                record_payment(
                    order.pk,
                    part,
                    paid_on=today,
                    reference="VIR-2026-0117",
                    acting_user=self.people.treasury,
                    now=self.until,
                )


_DESCRIPTIONS = {
    "fr": "Le problème dure depuis plusieurs jours malgré un premier signalement.",
    "ar": "المشكل مستمر منذ عدة أيام رغم التبليغ الأول.",
}
_ANSWER = "Votre réclamation a été transmise au délégataire du secteur."
_DONE = "Intervention faite."
