"""Work about routing that is asked for and done later: simulations of a change, and routing the open complaints again."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Jurisdiction
from districts.models import BoundaryEdition, EditionActivation
from queueing.models import QueueRow


class Simulation(QueueRow):
    """What editions that are not in force, or another rule, would move. Counts and cells, no complaint."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    editions = models.ManyToManyField(BoundaryEdition, related_name="+")
    # A change of rule_changes.py; empty where editions are tried.
    change = models.JSONField(default=dict, blank=True, editable=False)
    months = models.PositiveSmallIntegerField()
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    # How many complaints were looked at so far, for who waits; of how many.
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    moved_open = models.PositiveIntegerField(default=0)
    kept_by_hand = models.PositiveIntegerField(default=0)
    left_outside = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("thing", "simulation of routing")
        verbose_name_plural = pgettext_lazy("thing", "simulations of routing")
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="simulation_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class SimulationMove(models.Model):
    """So many complaints from one unit or district to another, by code ("": none)."""

    class Kind(models.TextChoices):
        UNIT = "unit", "unit"
        DISTRICT = "district", "district"

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    from_code = models.CharField(max_length=60, blank=True)
    to_code = models.CharField(max_length=60, blank=True)
    n = models.PositiveIntegerField()
    n_open = models.PositiveIntegerField()

    class Meta:
        ordering = ["-n", "-n_open", "from_code", "to_code"]

    def __str__(self) -> str:
        return f"{self.from_code} → {self.to_code}: {self.n}"


class SimulationCell(models.Model):
    """Where complaints would go from one unit to another: the centre of a quarter-kilometre cell, degrees WGS 84."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="cells")
    from_code = models.CharField(max_length=60)
    to_code = models.CharField(max_length=60)
    longitude = models.FloatField()
    latitude = models.FloatField()
    n = models.PositiveIntegerField()
    n_open = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.from_code} → {self.to_code}: {self.n}"


class Rerouting(QueueRow):
    """Routing a city's open complaints again by the rules in force: asked for by somebody, or by an activation."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    # What asked for it, once each; null for a person or a command.
    activation = models.OneToOneField(
        EditionActivation, on_delete=models.SET_NULL, null=True, blank=True, related_name="rerouting"
    )
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    kept_by_hand = models.PositiveIntegerField(default=0)
    outside = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("thing", "re-routing")
        verbose_name_plural = pgettext_lazy("thing", "re-routings")
        ordering = ["-requested_at", "-id"]
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="rerouting_due", condition=Q(queue_state="due"))]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.requested_at}"
