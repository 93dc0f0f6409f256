"""Quotas count each address once, whatever it writes into its headers and however many processes count."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pytest_django import Settings

from accounts.models import QuotaWindow
from accounts.quotas import (
    Limit,
    Quota,
    QuotaExceeded,
    address_key,
    client_address,
    forget_windows,
    spend,
    spend_by_key,
    spend_from_block,
)

FEW = (Limit(3, 600), Limit(5, 86_400))


def address(forwarded: str | None, peer: str = "10.0.0.1") -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "10.0.0.1"),
        (0, "1.1.1.1", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1,2.2.2.2 , 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "203.0.113.9, nonsense", "10.0.0.1"),
    ],
)
def test_only_what_the_known_proxies_wrote_is_believed(
    settings: Settings, proxies: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert address(forwarded) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.9:5123", True),
        ("203.0.113.9", "::ffff:203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "[2001:db8:1:2::7]:443", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unix:", True),
    ],
)
def test_an_ipv4_address_and_an_ipv6_64_are_one_client(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@pytest.mark.django_db
def test_what_is_over_the_limit_is_refused_until_the_window_ends(now: datetime) -> None:
    for _ in range(3):
        spend_by_key("k", FEW, now=now)
    with pytest.raises(QuotaExceeded) as refused:
        spend_by_key("k", FEW, now=now + timedelta(seconds=599))
    assert refused.value.retry_after == 1
    spend_by_key("k", FEW, now=now + timedelta(seconds=600))
    with pytest.raises(QuotaExceeded) as refused:
        spend_by_key("k", FEW, now=now + timedelta(seconds=601))
    assert refused.value.retry_after == 15 * 3600 - 601, "the day has fifteen hours left at nine in the morning"
    spend_by_key("other", FEW, now=now)


@pytest.mark.parametrize(
    ("seconds", "language", "words"),
    [
        (1, "en", "in 1 minute."),
        (600, "fr", "dans 10 minutes"),
        (15 * 3600 - 601, "fr", "dans 15 heures"),
        (2 * 3600, "ar", "ساعتين"),
    ],
)
def test_who_is_refused_is_told_how_long_to_wait(seconds: int, language: str, words: str) -> None:
    with translation.override(language):
        assert words in QuotaExceeded(seconds).when


@pytest.mark.django_db
def test_it_is_one_statement_and_none_when_switched_off(
    settings: Settings, now: datetime, django_assert_num_queries: object
) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(1):  # type: ignore[operator]
        spend(request, Quota.COMPLAINT, now=now)
    settings.RATE_LIMIT_SCALE = 0
    with django_assert_num_queries(0):  # type: ignore[operator]
        spend(request, Quota.COMPLAINT, now=now)


@pytest.mark.django_db
def test_fifty_phones_behind_one_address_are_not_locked_out(settings: Settings, now: datetime) -> None:
    settings.RATE_LIMIT_SCALE = 1.0
    for second in range(50):
        spend(RequestFactory().get("/"), Quota.COMPLAINT, now=now + timedelta(seconds=second))


@pytest.mark.django_db
def test_the_table_holds_no_address_and_forgets(now: datetime) -> None:
    spend(RequestFactory().get("/", REMOTE_ADDR="203.0.113.9"), Quota.COMPLAINT, now=now)
    assert not QuotaWindow.objects.filter(key__contains="203.0").exists()
    assert forget_windows(now=now + timedelta(days=3)) == 2
    assert not QuotaWindow.objects.exists()


@pytest.fixture
def own_connections() -> Iterator[None]:
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_hundred_at_once_are_all_counted(own_connections: None, now: datetime) -> None:
    def one(_number: int) -> bool:
        try:
            spend_by_key("crowd", (Limit(120, 600), Limit(5000, 86_400)), now=now)
        except QuotaExceeded:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(16) as pool:
        let_in = sum(pool.map(one, range(200)))
    assert let_in == 120
    assert QuotaWindow.objects.get(key="crowd:600").used == 200


def test_a_block_counts_every_use_and_no_more(db: None, settings: Settings) -> None:
    settings.RATE_LIMIT_SCALE = 0.1  # 90 in ten minutes, taken four at a time
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.77")
    for _ in range(90):
        spend_from_block(request, Quota.ROUTE, now=now)
    with pytest.raises(QuotaExceeded) as refused:
        spend_from_block(request, Quota.ROUTE, now=now)
    assert refused.value.retry_after == 600
    spend_from_block(RequestFactory().get("/", REMOTE_ADDR="203.0.113.78"), Quota.ROUTE, now=now)
    spend_from_block(request, Quota.ROUTE, now=now + timedelta(minutes=10))


def test_what_takes_longer_counts_as_several(db: None, settings: Settings) -> None:
    settings.RATE_LIMIT_SCALE = 0.1  # 90 in ten minutes
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.80")
    for _ in range(9):
        spend_from_block(request, Quota.ROUTE, now=now, uses=10)
    with pytest.raises(QuotaExceeded):
        spend_from_block(request, Quota.ROUTE, now=now, uses=10)


def test_a_block_is_one_statement_for_many_uses(db: None, settings: Settings) -> None:
    settings.RATE_LIMIT_SCALE = 1
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.79")
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            spend_from_block(request, Quota.ROUTE, now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    assert len(queries) <= 2  # one more to prepare it


def hurried() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_counting_never_makes_another_transaction_less_durable() -> None:
    before = hurried()
    with transaction.atomic():
        spend_by_key("test:within", FEW, now=datetime(2026, 11, 2, 10, tzinfo=UTC))
        assert hurried() == before
    spend_by_key("test:alone", FEW, now=datetime(2026, 11, 2, 10, tzinfo=UTC))
    assert hurried() == before
    assert set(QuotaWindow.objects.values_list("used", flat=True)) == {1}
