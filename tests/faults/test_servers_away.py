"""Without a broker reports are taken in all the same; without a database nobody is left waiting or loses what she typed."""

import re
import time
from urllib.parse import urlencode

import pytest

from tests.faults.rig import Site, wait_until

# The installation is a copy of the test database, which this mark has made.
pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_broker_complaints_are_taken_in_and_worked_off_when_it_returns(site: Site) -> None:
    site.start_web()
    site.kill("redis")
    started = time.monotonic()
    filed = site.file("no-broker")
    assert filed.status == 201
    assert time.monotonic() - started < 5
    number = filed.json()["tracking_number"]
    site.start_worker()
    (site.folder / "redis.sock").unlink(missing_ok=True)
    site.start_redis()
    mail = f"notifications_outboxmessage WHERE reference = '{number}' AND sent_at IS NOT NULL"
    wait_until(lambda: site.count(mail) == 1, seconds=30, what="the mail left")


def test_without_a_database_the_answer_is_come_back_soon(site: Site) -> None:
    site.start_web()
    page = site.request("/fr/report/")
    assert page.status == 200, page.body[:300]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body.decode())
    assert token is not None
    cookie = page.headers["Set-Cookie"].split(";")[0]
    form = {"csrfmiddlewaretoken": token[1], "category": "pothole", "longitude": "0.005", "latitude": "0.005"}
    site.tunnel.cut()
    started = time.monotonic()
    refused = site.request("/fr/report/", urlencode(form).encode(), {"Cookie": cookie})
    assert (refused.status, refused.headers.get("Retry-After")) == (503, "5")
    over_api = site.file("no-database")
    assert (over_api.status, over_api.headers.get("Retry-After"), over_api.json()["code"]) == (503, "5", "unavailable")
    assert site.request("/health/live").status == 200
    assert site.request("/health/ready").status == 503
    assert time.monotonic() - started < 5
    site.tunnel.open()
    assert site.file("no-database").status == 201
    assert site.request("/fr/report/", urlencode(form).encode(), {"Cookie": cookie}).status == 200
