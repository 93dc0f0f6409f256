"""What the treasury's and the operators' pages share: who may enter, and finding contracts and findings by their names."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict

from accounts.access import load_memberships
from accounts.models import Role, User
from complaints.errors import Refusal
from contracts.models import Contract, Finding
from contracts.querysets import FINDING_ROLES, TREASURY_ROLES

View = Callable[..., HttpResponseBase]
REFUSED = 422


def room_page(roles: Iterable[Role]) -> Callable[[View], View]:
    """A view for people with one of `roles`; to others who are signed in the page does not exist."""
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            assert isinstance(request.user, User)
            if not any(membership.role in allowed for membership in load_memberships(request.user)):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


treasury_page = room_page(TREASURY_ROLES)
finding_page = room_page(FINDING_ROLES)
operator_page = room_page({Role.OPERATOR_USER})
either_page = room_page(FINDING_ROLES | {Role.OPERATOR_USER})


def user_of(request: HttpRequest) -> User:
    """The person behind a request that a room's door let in."""
    assert isinstance(request.user, User)
    return request.user


def contract_of(request: HttpRequest, code: str) -> Contract:
    """A contract whose money this person may see. Http404 for all others."""
    rows = Contract.objects.visible_to(user_of(request)).filter(code=code)
    if wanted := request.GET.get("jurisdiction", "").strip():
        rows = rows.filter(jurisdiction__code=wanted)
    found = (
        rows.select_related("jurisdiction", "unit")
        .prefetch_related("services", "versions__clauses__categories")
        .first()
    )
    if found is None:
        raise Http404
    return found


def finding_of(request: HttpRequest, number: str) -> Finding:
    """A finding that this person may open, with everything its page needs. Http404 for all others."""
    rows = Finding.objects.visible_to(user_of(request)).filter(number=number)
    found: Finding | None = with_everything(rows).first()
    if found is None:
        raise Http404
    return found


def with_everything(rows: Any) -> Any:
    """Findings with the rows that their page reads."""
    return rows.select_related(
        "jurisdiction", "contract__unit", "contract__jurisdiction", "version", "clause", "opened_by",
        "complaint__category__service", "complaint__district", "complaint__unit", "complaint__jurisdiction",
    )  # fmt: skip


def sent_form(request: HttpRequest) -> tuple[QueryDict | None, MultiValueDict[str, Any] | None]:
    """What a form is bound with: what was sent, even when it is nothing; unbound where the page is only read."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def refuse(form: forms.Form, refused: Refusal) -> None:
    """Show a service's refusal in the form: at its field, where the form has one of that name."""
    field = refused.field
    if field == "words" and "words" not in form.fields:
        field = next((name for name in ("reasons", "grounds") if name in form.fields), "")
    if field == "arguments" and "argument-1" in form.fields:
        field = "argument-1"
    form.add_error(field if field in form.fields else None, str(refused.message))
