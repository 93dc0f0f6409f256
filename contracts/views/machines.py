"""An operator's machines: keys to a contract, and addresses that are told of events."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from catalogue.pages import city_page
from complaints.errors import Refusal
from contracts.models import ApiKey, Contract, Webhook
from contracts.services.keys import make_key, revoke_key
from contracts.services.webhooks import add_webhook, remove_webhook, secret_of
from contracts.views.common import REFUSED, contract_of, operator_page, refuse, user_of


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the key"),
        help_text=gettext_lazy("The program or machine that will use it."),
        max_length=80,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("An https address of yours that takes a POST."),
        max_length=300,
        widget=forms.URLInput(attrs={"dir": "ltr", "placeholder": "https://"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"), choices=Webhook.Event.choices, widget=forms.CheckboxSelectMultiple
    )


@operator_page
@never_cache
@require_safe
def access(request: HttpRequest, code: str) -> HttpResponse:
    """Keys and addresses of one contract."""
    return _page(request, contract_of(request, code))


@operator_page
@never_cache
@require_POST
@sensitive_variables("made")
def new_key(request: HttpRequest, code: str) -> HttpResponse:
    """Make a key and show its secret: this once."""
    contract, form = contract_of(request, code), KeyForm(request.POST, auto_id="key-%s")
    if form.is_valid():
        try:
            made = make_key(contract, form.cleaned_data["name"], acting_user=user_of(request), now=timezone.now())
        except Refusal as refused:
            refuse(form, refused)
        else:
            return _page(request, contract, secret=made.secret)
    return _page(request, contract, key_form=form, status=REFUSED)


@operator_page
@require_POST
def end_key(request: HttpRequest, code: str, prefix: str) -> HttpResponse:
    """Take a key back."""
    contract = contract_of(request, code)
    key = get_object_or_404(ApiKey.objects.select_related("contract"), contract=contract, prefix=prefix)
    revoke_key(key, acting_user=user_of(request), now=timezone.now())
    messages.success(request, _("The key %(name)s opens nothing any more.") % {"name": key.name})
    return redirect("operator_access", code)


@operator_page
@never_cache
@require_POST
def new_webhook(request: HttpRequest, code: str) -> HttpResponse:
    """Enter an address."""
    contract, form = contract_of(request, code), WebhookForm(request.POST, auto_id="hook-%s")
    if form.is_valid():
        try:
            values = form.cleaned_data
            add_webhook(contract, values["url"], values["events"], acting_user=user_of(request), now=timezone.now())
        except Refusal as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The address will be told from now on."))
            return redirect(reverse("operator_access", args=[code]) + "#webhooks")
    return _page(request, contract, hook_form=form, status=REFUSED)


@operator_page
@require_POST
def end_webhook(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Remove an address."""
    contract = contract_of(request, code)
    webhook = get_object_or_404(Webhook.objects.select_related("contract"), contract=contract, pk=pk, is_active=True)
    remove_webhook(webhook, acting_user=user_of(request))
    messages.success(request, _("The address is told nothing any more."))
    return redirect(reverse("operator_access", args=[code]) + "#webhooks")


def _page(
    request: HttpRequest,
    contract: Contract,
    *,
    secret: str = "",
    key_form: KeyForm | None = None,
    hook_form: WebhookForm | None = None,
    status: int = 200,
) -> HttpResponse:
    hooks = contract.webhooks.filter(is_active=True).select_related("contract")
    context = {
        "now": timezone.now(),
        "contract": contract,
        "secret": secret,
        "keys": contract.api_keys.select_related("created_by"),
        "webhooks": [
            {"webhook": hook, "secret": secret_of(hook), "deliveries": list(hook.deliveries.all()[:8])}
            for hook in hooks
        ],
        "key_form": key_form or KeyForm(auto_id="key-%s"),
        "hook_form": hook_form or WebhookForm(auto_id="hook-%s"),
        "refused": key_form or hook_form,
    }
    return city_page(request, contract.jurisdiction, "contracts/access.html", context, status=status)
