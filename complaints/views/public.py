"""Pages that anybody may open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from complaints.models import Complaint
from complaints.tracking import normalise_tracking_number


def home(request: HttpRequest) -> HttpResponse:
    """The public map and the list that says the same."""
    return render(request, "complaints/home.html")


def track(request: HttpRequest) -> HttpResponse:
    """Find a complaint by its number."""
    return render(request, "complaints/track.html")


def complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """One complaint as the public sees it."""
    found = get_object_or_404(Complaint, tracking_number=normalise_tracking_number(tracking_number) or "")
    return render(request, "complaints/complaint.html", {"complaint": found})
