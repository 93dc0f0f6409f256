"""Signing in: lock-out, sessions that end with rights, the second factor of roles that need one, one door for all."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership, Role, User
from accounts.services import ScopeInvalid, end_sessions, grant_role, revoke_role
from catalogue.models import Jurisdiction
from tests.builders import PASSWORD, build_gridville
from tests.conftest import SignIn

LOGIN = "/fr/accounts/login/"


@pytest.fixture(autouse=True)
def _no_failures_counted(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, username: str, password: str) -> bool:
    client.post(LOGIN, {"login": username, "password": password})
    return "_auth_user_id" in client.session


def test_the_right_password_leads_to_ones_work(client: Client, clerk: User) -> None:
    response = client.post(LOGIN, {"login": clerk.username, "password": PASSWORD})
    assert response.headers["Location"] == "/fr/staff/"
    assert client.get("/fr/staff/").headers["Location"] == "/fr/desk/"


def test_after_five_failures_even_the_right_password_is_refused(client: Client, clerk: User, outsider: User) -> None:
    for _attempt in range(5):
        assert not sign_in(client, clerk.username, "wrong")
    assert not sign_in(client, clerk.username, PASSWORD)
    assert not sign_in(client, clerk.username.upper(), PASSWORD), "another spelling is the same account"
    # Nobody else is locked out by it.
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), outsider.username, PASSWORD)


def test_one_address_cannot_try_many_names(client: Client, gridville: Jurisdiction, clerk: User) -> None:
    for number in range(10):
        assert not sign_in(client, f"guess-{number}", "wrong")
    assert not sign_in(client, clerk.username, PASSWORD)


def test_an_unknown_name_and_a_wrong_password_look_alike(client: Client, clerk: User) -> None:
    wrong = client.post(LOGIN, {"login": clerk.username, "password": "wrong"})
    unknown = client.post(LOGIN, {"login": "nobody", "password": "wrong"})
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_nobody_signs_up(client: Client, db: None) -> None:
    names = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/fr/accounts/signup/", names)
    assert not User.objects.filter(username="eve").exists()


def test_a_new_role_ends_every_session(
    client: Client, gridville: Jurisdiction, clerk: User, administrator: User
) -> None:
    assert sign_in(client, clerk.username, PASSWORD)
    assert client.get("/fr/staff/").status_code == 302 and "_auth_user_id" in client.session
    grant_role(clerk, Role.MODERATOR, gridville, acting_user=administrator)
    assert client.get("/fr/staff/").headers["Location"].startswith(LOGIN)


def test_a_role_taken_away_ends_every_session(client: Client, clerk: User, administrator: User) -> None:
    assert sign_in(client, clerk.username, PASSWORD)
    revoke_role(clerk.memberships.get(), acting_user=administrator)
    assert client.get("/fr/staff/").headers["Location"].startswith(LOGIN)


def test_the_same_role_again_ends_none(gridville: Jurisdiction, moderator: User, administrator: User) -> None:
    version = moderator.session_version
    grant_role(moderator, Role.MODERATOR, gridville, acting_user=administrator)
    moderator.refresh_from_db()
    assert (moderator.session_version, moderator.memberships.count()) == (version, 1)


def test_a_changed_secret_key_signs_nobody_out(client: Client, clerk: User, settings: Settings) -> None:
    assert sign_in(client, clerk.username, PASSWORD)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "n" * 60
    settings.SECRET_KEY_FALLBACKS = [old]
    assert client.get("/fr/staff/").headers["Location"] == "/fr/desk/"
    end_sessions(clerk)
    assert client.get("/fr/staff/").headers["Location"].startswith(LOGIN)


def test_only_administrators_of_the_city_give_roles(
    gridville: Jurisdiction, clerk: User, administrator: User, manager: User
) -> None:
    elsewhere = build_gridville("elsewhere", "ELS", shift=10)
    with pytest.raises(PermissionDenied):
        grant_role(clerk, Role.ADMINISTRATOR, gridville, acting_user=manager)
    with pytest.raises(PermissionDenied):
        grant_role(clerk, Role.CLERK, elsewhere, unit=elsewhere.units.first(), acting_user=administrator)
    with pytest.raises(ScopeInvalid):
        grant_role(clerk, Role.CLERK, gridville, unit=elsewhere.units.first(), acting_user=administrator)
    with pytest.raises(ScopeInvalid):
        grant_role(clerk, Role.CREW_MEMBER, gridville, acting_user=administrator)
    assert Membership.objects.filter(user=clerk).count() == 1


def test_who_must_have_a_second_factor_sees_no_staff_page_without(
    signed_in: SignIn, administrator: User, settings: Settings
) -> None:
    settings.MFA_REQUIRED_ROLES = ["administrator"]
    client = signed_in(administrator)
    activate = "/fr/accounts/2fa/totp/activate/"
    # An address that only contains the word accounts is no way round.
    for page in ("/fr/desk/", "/admin/accounts/user/", "/fr/staff/", "/fr/accounts/password/change/"):
        response = client.get(page, headers={"Accept-Language": "fr"})
        assert (response.status_code, response.headers["Location"]) == (302, activate), page
    assert client.get("/health/live").status_code == 200
    # It asks for the password again before it shows a secret, and that page is open.
    response = client.get(activate)
    assert response.status_code == 200 or "reauthenticate" in response.headers["Location"]
    TOTP.activate(administrator, generate_totp_secret())
    assert client.get("/fr/desk/").status_code == 200


def test_others_need_none(signed_in: SignIn, clerk: User, settings: Settings) -> None:
    settings.MFA_REQUIRED_ROLES = ["administrator"]
    assert signed_in(clerk).get("/fr/desk/").status_code == 200


def test_a_second_factor_once_set_up_is_asked_for(client: Client, clerk: User) -> None:
    TOTP.activate(clerk, generate_totp_secret())
    assert Authenticator.objects.filter(user=clerk).exists()
    response = client.post(LOGIN, {"login": clerk.username, "password": PASSWORD})
    assert "2fa" in response.headers["Location"]
    assert "_auth_user_id" not in client.session
    assert client.get("/fr/desk/").status_code == 302


def test_the_administration_is_entered_by_the_same_door(client: Client, signed_in: SignIn, clerk: User) -> None:
    response = client.get("/admin/", follow=True, headers={"Accept-Language": "fr"})
    assert response.redirect_chain[-1][0] == f"{LOGIN}?next=/admin/"
    foreign = client.get("/admin/login/?next=https://evil.example/", headers={"Accept-Language": "fr"})
    assert foreign.headers["Location"] == f"{LOGIN}?next=/admin/"
    assert signed_in(clerk).get("/admin/login/").status_code == 403
