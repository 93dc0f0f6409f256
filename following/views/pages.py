"""Pages for who wants to be told: what to follow, me too, and what one follows."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.quotas import Quota, spend
from catalogue.pages import city_page
from catalogue.snapshot import snapshot
from complaints.errors import ComplaintError
from complaints.filter_grammar import jurisdiction_of
from complaints.models import Complaint
from complaints.services.joining import join
from complaints.tracking import normalise_tracking_number
from complaints.views.closing import closing_page
from following.forms import DeliveryForm, FollowComplaintForm, FollowForm
from following.links import END, manage_url, subscription_of
from following.models import Subscription
from following.notices import subject_in_words
from following.services import Wish, change_delivery, confirm, end, subscribe, voice_of

# A random text in her browser, so that one person says "me too" once. It is no account and is sent nowhere else.
_VOICE = "geoportal_voice"
_VOICE_DAYS = 400


def follow(request: HttpRequest) -> HttpResponse:
    """Choose a district, a street or an area; the address is asked to confirm."""
    city = jurisdiction_of(request)
    catalogue = snapshot(city.pk, city.catalogue_version)
    form = FollowForm(city, catalogue, request.POST or None, initial=_preset(request))
    if request.method == "POST":
        spend(request, Quota.FOLLOW, now=timezone.now())
        if form.is_valid():
            subscribe(form.wish(), now=timezone.now())
            messages.success(request, _asked_words(form.cleaned_data["email"]))
            return HttpResponseRedirect(request.get_full_path())
    context = {"form": form, "feed_url": reverse("feed")}
    return city_page(request, city, "following/follow.html", context, status=400 if form.errors else 200)


def _preset(request: HttpRequest) -> dict[str, str]:
    """What a link brings along, from the map or a complaint's page."""
    names = ("district", "about", "subject", "place")
    preset = {name: request.GET[name][:120] for name in names if request.GET.get(name)}
    if "district" in preset:
        preset.setdefault("subject", "district")
    return preset


@require_POST
def join_complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """Me too, with or without an address; or just an address."""
    now = timezone.now()
    spend(request, Quota.FOLLOW, now=now)
    number = normalise_tracking_number(tracking_number)
    rows = Complaint.objects.select_related("jurisdiction", "merged_into")
    complaint = rows.filter(tracking_number=number).first() if number else None
    if complaint is None:
        raise Http404
    primary = complaint.merged_into or complaint
    form = FollowComplaintForm(request.POST)
    if not primary.has_public_page:
        raise Http404
    response = redirect(f"{reverse('complaint', args=[complaint.tracking_number])}#follow")
    if not form.is_valid():
        for fault in (fault for faults in form.errors.values() for fault in faults):
            messages.error(request, str(fault))
        return response
    voice = request.COOKIES.get(_VOICE) or secrets.token_urlsafe(24)
    try:
        _take_part(request, primary, form.cleaned_data, voice)
    except ComplaintError as refused:
        messages.error(request, str(refused.message))
    response.set_cookie(
        _VOICE, voice, max_age=_VOICE_DAYS * 86_400, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response


def _take_part(request: HttpRequest, primary: Complaint, given: dict[str, Any], voice: str) -> None:
    now = timezone.now()
    if given["same"]:
        key = salted_hmac("following.voice", voice, algorithm="sha256").hexdigest()
        counted = join(primary.pk, voice=key, now=now)
        told = _("You are counted: thank you.") if counted else _("You had said so already: you count once.")
        messages.success(request, told)
    if given["email"]:
        wish = Wish(
            city=primary.jurisdiction,
            email=given["email"],
            language=get_language() or "fr",
            delivery=given["delivery"] or Subscription.Delivery.INSTANT,
            complaint=primary,
        )
        subscribe(wish, now=now)
        messages.success(request, _asked_words(given["email"]))


def _asked_words(email: str) -> str:
    """The same for every address, whether it follows already, was asked too often, or is new."""
    return _("We have written to %(email)s. Open the letter and say yes; nothing else is sent before.") % {
        "email": email
    }


# The address itself is the right to act: its token was sent to the owner only.
@csrf_exempt
@never_cache
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """One's own subscription: say yes, change it, end it. Opening the page changes nothing."""
    now = timezone.now()
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=now)
    found = subscription_of(token)
    if found is None:
        return _gone(request)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if action == "end":
        end(found)
        messages.success(request, _("This is over. Nothing more is sent."))
        return _private(redirect("follow"))
    if action == "confirm":
        confirm(found, now=now)
        messages.success(request, _("You follow it now."))
    form = DeliveryForm(request.POST if action == "change" else None, initial={"delivery": found.delivery})
    if action == "change" and form.is_valid():
        change_delivery(found, form.cleaned_data["delivery"], now=now)
        messages.success(request, _("Changed."))
    if action:
        return _private(redirect(request.path))
    context = {"subscription": found, "what": subject_in_words(found), "form": form, "manage_url": manage_url(found)}
    return _private(city_page(request, found.jurisdiction, "following/subscription.html", context))


@csrf_exempt
@never_cache
def subscription_end(request: HttpRequest, token: str) -> HttpResponse:
    """The end by one POST, which mail programs send by themselves (RFC 8058); a person gets a button."""
    now = timezone.now()
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=now)
    found = subscription_of(token, END)
    if found is None:
        return _gone(request)
    if request.method == "POST":
        city = found.jurisdiction
        end(found)
        return _private(city_page(request, city, "following/ended.html", {}))
    context = {"subscription": found, "what": subject_in_words(found)}
    return _private(city_page(request, found.jurisdiction, "following/end.html", context))


@csrf_exempt
@never_cache
def follower_closing(request: HttpRequest, token: str) -> HttpResponse:
    """A follower's word on the closing of what she follows."""
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=timezone.now())
    found = subscription_of(token)
    if found is None or found.complaint is None or found.confirmed_at is None:
        return _gone(request)
    primary = found.complaint.merged_into or found.complaint
    if not primary.has_public_page:
        raise Http404
    return closing_page(request, found.complaint, voice_of(found))


def _gone(request: HttpRequest) -> HttpResponse:
    """For a wrong token and for one whose subscription has ended alike: nothing is sent any more."""
    city = jurisdiction_of(request)
    return _private(city_page(request, city, "following/ended.html", {}, status=404))


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store, private"
    return response
