"""What is worked out from complaints and kept: how their promises ran, and files made for download."""

import uuid

from django.conf import settings
from django.contrib.gis.db import models as geo_models
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from analytics.hotspots.naming import Kind
from catalogue.models import Jurisdiction, Service
from catalogue.translated import TranslatedTextField
from complaints.models import Complaint
from queueing.models import QueueRow


class Timing(models.Model):
    """What one complaint's history says about its promises. Worked out from its events at each change, never edited.

    The complaint's own deadlines stand still while the reporter must act; these are the ones it would have had with a
    clock that never stops. A complaint without a row (filed a second ago) has had no pause.
    """

    complaint = models.OneToOneField(Complaint, on_delete=models.CASCADE, primary_key=True, related_name="timing")
    answer_due_unpaused = models.DateTimeField(null=True)
    resolution_due_unpaused = models.DateTimeField(null=True)
    # Pauses that are over, together.
    paused_seconds = models.BigIntegerField(default=0)
    # How often the reporter said that a closing was not right.
    contested = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"timing of {self.complaint_id}"


# What a filter asks for and what a square is made of: with these in its index the table itself is not read.
_COUNTED_BY = (
    "service_id", "category_id", "district_id", "unit_id", "state", "audience", "late", "promised", "missed", "x", "y",
)  # fmt: skip


class Counted(models.Model):
    """One complaint as it stands in the counts: what a change of it takes out again, and rows for what no count answers.

    Keys are plain numbers: the row is a copy, kept by tally/keeping.py and nobody else.
    """

    class Audience(models.IntegerChoices):
        """Who may know what. Merged ones count with their primary one. From NOWHERE on it is a row of the open data."""

        MERGED = 0, "merged"
        STAFF = 1, "staff"
        NOWHERE = 2, "everybody, nothing of the place"
        UNIT = 3, "everybody, the unit"
        DISTRICT = 4, "everybody, unit and district"

    complaint = models.OneToOneField(Complaint, on_delete=models.CASCADE, primary_key=True, related_name="counted")
    jurisdiction_id = models.IntegerField()
    service_id = models.IntegerField()
    category_id = models.IntegerField()
    unit_id = models.IntegerField()
    # 0: none
    district_id = models.IntegerField()
    # Of the filing, in the city's zone.
    day = models.DateField()
    # Position in tally.STATES.
    state = models.SmallIntegerField()
    audience = models.SmallIntegerField(choices=Audience.choices)
    # Of the public place, see tally/spots.py; degrees times ten million. Null: not on any map.
    spot = models.BigIntegerField(null=True)
    x = models.IntegerField(null=True)
    y = models.IntegerField(null=True)
    # The place only stands for its district.
    anchored = models.BooleanField()
    late = models.BooleanField()
    # When it will be late if nothing happens.
    late_at = models.DateTimeField(null=True)
    # Has a deadline for the resolution; is late or was closed after it.
    promised = models.BooleanField()
    missed = models.BooleanField()

    class Meta:
        indexes = [
            # squares of the map under filters that the pyramid does not know; pins of a tile
            models.Index(
                fields=["jurisdiction_id", "spot"],
                include=["complaint", "day", *_COUNTED_BY],
                condition=models.Q(spot__isnull=False),
                name="counted_by_spot",
            ),
            # the same for some days
            models.Index(
                fields=["jurisdiction_id", "day", "spot"], include=["complaint", *_COUNTED_BY], name="counted_by_day"
            ),
            # what becomes late without anybody doing anything
            models.Index(fields=["late_at"], condition=models.Q(late_at__isnull=False), name="counted_late_at"),
        ]

    def __str__(self) -> str:
        return f"count of {self.complaint_id}"


class StateCounts(models.Model):
    """Numbers of complaints by state; `n` is their sum. Rows with n = 0 are removed."""

    n = models.IntegerField()
    received = models.IntegerField()
    accepted = models.IntegerField()
    in_progress = models.IntegerField()
    waiting_reporter = models.IntegerField()
    reopened = models.IntegerField()
    resolved = models.IntegerField()
    confirmed = models.IntegerField()
    rejected = models.IntegerField()
    out_of_scope = models.IntegerField()
    withdrawn = models.IntegerField()
    late = models.IntegerField()
    promised = models.IntegerField()
    missed = models.IntegerField()

    class Meta:
        abstract = True


class SquareCount(StateCounts):
    """Complaints on the map in one square: the pyramid behind tiles and heat.

    `month` is 202611, or 0 for all time, or at one zoom a single day as 20261128. `detailed` rows keep category and unit,
    others (where these are 0) do not: all time comes detailed, months and days do not; at one zoom all time and months come
    both ways. The district is kept in squares so small that few share one, else it is 0. Sums are of degrees times ten
    million: their mean is the middle of the places.
    """

    pk = models.CompositePrimaryKey(
        "jurisdiction_id",
        "zoom",
        "month",
        "detailed",
        "square",
        "service_id",
        "category_id",
        "district_id",
        "unit_id",
        "anchored",
    )
    jurisdiction_id = models.IntegerField()
    zoom = models.SmallIntegerField()
    month = models.IntegerField()
    detailed = models.BooleanField()
    square = models.BigIntegerField()
    service_id = models.IntegerField()
    category_id = models.IntegerField()
    district_id = models.IntegerField()
    unit_id = models.IntegerField()
    anchored = models.BooleanField()
    sum_x = models.BigIntegerField()
    sum_y = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["n"], condition=models.Q(n=0), name="squarecount_empty")]

    def __str__(self) -> str:
        return f"{self.n} in {self.zoom}/{self.square}"


class DayCount(StateCounts):
    """Complaints filed in a span of time, by category, district and unit, on the map or not.

    Spans are single days, and months and all time for quick sums: `day` is then the month's first, or 0001-01-01.
    `audience` keeps apart what the world may know of them.
    """

    class Span(models.IntegerChoices):
        EVER = 0, "ever"
        MONTH = 1, "month"
        DAY = 2, "day"

    pk = models.CompositePrimaryKey(
        "jurisdiction_id", "span", "day", "category_id", "district_id", "unit_id", "audience"
    )
    jurisdiction_id = models.IntegerField()
    span = models.SmallIntegerField(choices=Span.choices)
    day = models.DateField()
    category_id = models.IntegerField()
    service_id = models.IntegerField()
    district_id = models.IntegerField()
    unit_id = models.IntegerField()
    audience = models.SmallIntegerField(choices=Counted.Audience.choices)

    class Meta:
        indexes = [models.Index(fields=["n"], condition=models.Q(n=0), name="daycount_empty")]

    def __str__(self) -> str:
        return f"{self.n} on {self.day}"


class TallyVersion(models.Model):
    """Raised in the transaction that changes any count of a city: what was answered under it may be answered again."""

    jurisdiction = models.OneToOneField(Jurisdiction, on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.jurisdiction_id}: {self.version}"


# The finest squares of heat maps.
LAYER_ZOOM = 17


class Layer(models.Model):
    """What a city has of one kind, loaded from a file (`load_layer`): one of each kind."""

    class Kind(models.TextChoices):
        STREETS = "streets", pgettext_lazy("layer", "Streets")
        ASSETS = "assets", pgettext_lazy("layer", "Assets")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    # Of the assets, by language; streets need none.
    name = TranslatedTextField(default=dict, blank=True)
    source = models.CharField(max_length=300)
    # Of the file and of what was said about it: the same again changes nothing.
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    features = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "kind"], name="layer_one_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.jurisdiction_id}"


class LayerPiece(models.Model):
    """What of a layer lies in one square of LAYER_ZOOM: kilometres of line, or a number of points."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="pieces")
    x = models.IntegerField()
    y = models.IntegerField()
    amount = models.FloatField()
    # WGS 84, longitude first: a MultiLineString or MultiPoint.
    shape = geo_models.GeometryField(srid=4326)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "x", "y"], name="layerpiece_once")]

    def __str__(self) -> str:
        return f"{self.amount} in {self.x}/{self.y}"


class Report(QueueRow):
    """A file for the office that a task makes: a stand-alone map or a brief. No citizen's words are in it."""

    class Kind(models.TextChoices):
        MAP = "map", pgettext_lazy("report", "Map to take along")
        BRIEF = "brief", pgettext_lazy("report", "Brief")

    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.MAP)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    # The filter as a query string (contract.md §3), period included.
    query = models.CharField(max_length=2000, blank=True)
    # The Monday whose weekly brief it is; null for what somebody asked for at the page.
    week = models.DateField(null=True)
    # Steps done of the steps there are, for who waits.
    step = models.PositiveSmallIntegerField(default=0)
    # Under MEDIA_ROOT; empty until it is drawn.
    path = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            # one a week, however many schedulers ring
            models.UniqueConstraint(fields=["requested_by", "jurisdiction", "week"], name="report_one_a_week"),
        ]
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="report_due", condition=Q(queue_state="due")),
            # one's own, newest first
            models.Index(fields=["requested_by", "-requested_at"], name="report_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class BriefSubscription(models.Model):
    """A member of staff who wants the brief each Monday. Whether she may still have it is asked each time."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    # The moment up to which she has had hers.
    told_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "user"], name="brief_subscription_unique")]

    def __str__(self) -> str:
        return f"brief of {self.jurisdiction_id} to {self.user_id}"


class Export(QueueRow):
    """A table of everything that a filter finds in the open data, too long to wait for. Whoever knows its address may have it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    # The filter as a query string (contract.md §3), and the site's own address, with which addresses of photos begin.
    query = models.CharField(max_length=2000, blank=True)
    site = models.CharField(max_length=300)
    # Rows that there were when it was asked for; the database's process that copies them, which tells how far it is.
    total = models.PositiveIntegerField()
    copied_by = models.IntegerField(null=True)
    # Under MEDIA_ROOT; empty until it is made.
    path = models.CharField(max_length=120, blank=True)
    size = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="export_due", condition=Q(queue_state="due")),
            # the same one asked for again
            models.Index(fields=["jurisdiction", "-requested_at"], name="export_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class HotSpotSearch(QueueRow):
    """Where complaints gather more than chance explains, in the twelve months that end with `last_month`; a task looks.

    One row a city, service (None: all) and last month; a later search of the same replaces its spots.
    """

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="+")
    # Its first day.
    last_month = models.DateField()
    requested_at = models.DateTimeField()
    # Maps done of those there are, for who waits.
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    # Of the latest search that ended, with the version of the counts that it looked at.
    found_at = models.DateTimeField(null=True)
    version = models.BigIntegerField(default=0)
    zoom = models.SmallIntegerField(default=0)
    side_m = models.PositiveIntegerField(default=0)
    squares = models.PositiveIntegerField(default=0)
    n = models.PositiveIntegerField(default=0)
    # All complaints with a place in these months, those beside the squares with them: whether there are many more by now.
    counted = models.PositiveIntegerField(default=0)
    by_residents = models.BooleanField(default=False)
    # Those with enough complaints to look at, as 202611.
    months = ArrayField(models.IntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["jurisdiction", "service", "last_month"], nulls_distinct=False, name="hotspotsearch_once"
            )
        ]
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="hotspotsearch_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id}/{self.service_id}/{self.last_month}"


class HotSquare(models.Model):
    """One square that a search named. `kind` as in hotspots/naming.py."""

    search = models.ForeignKey(HotSpotSearch, on_delete=models.CASCADE, related_name="hot_squares")
    x = models.IntegerField()
    y = models.IntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # In the square itself, in all the months looked at; and how many there would be at the city's rate.
    n = models.PositiveIntegerField()
    expected = models.FloatField()
    # Of all months together; p from permutations, one-sided. None where only single months were hot.
    z = models.FloatField(null=True)
    p = models.FloatField(null=True)
    # Months in which it was hot, as 202611.
    hot_months = ArrayField(models.IntegerField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "x", "y"], name="hotsquare_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.x}/{self.y}"
