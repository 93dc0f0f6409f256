"""The tables of complaints: the work itself, what was said and happened, routing, and how the desk works together."""

from complaints.models.announced import DaysInForce
from complaints.models.complaint import Complaint, IdempotencyKey, Reporter
from complaints.models.deskwork import Deed, Forwarding, Handover, Presence, Reply, SavedFilter
from complaints.models.erasures import Erasure, mark_of_address
from complaints.models.expected import ExpectedTime
from complaints.models.files import Attachment
from complaints.models.groups import GroupPromise, Supporter
from complaints.models.history import Event, FeedItem, Message, PublicChange
from complaints.models.hotspots import Hotspot
from complaints.models.ladders import LadderInForce
from complaints.models.papers import CasePaper
from complaints.models.quarantined import QuarantinedFile
from complaints.models.received import ReceivedMail
from complaints.models.reroutings import Rerouting, Simulation, SimulationCell, SimulationMove
from complaints.models.routing import RoutingAlert, RoutingDecision
from complaints.models.shown_places import PlaceCount, PlaceRecount
from complaints.models.voices import ContestReason, Verdict

__all__ = [
    "Attachment", "CasePaper", "Complaint", "ContestReason", "DaysInForce", "Deed", "Erasure", "Event", "ExpectedTime",
    "FeedItem", "Forwarding", "GroupPromise", "Handover", "Hotspot", "IdempotencyKey", "LadderInForce", "Message", "PlaceCount",
    "PlaceRecount", "Presence", "PublicChange", "QuarantinedFile", "ReceivedMail", "Reply", "Reporter", "Rerouting",
    "RoutingAlert", "RoutingDecision", "SavedFilter", "Simulation", "SimulationCell", "SimulationMove", "Supporter",
    "Verdict", "mark_of_address",
]  # fmt: skip
