"""Numbers, times and addresses keep their order in Arabic mails: as text, as HTML and in the subject."""

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from notifications.channels.email import compose
from notifications.directions import LRI, PDI, RLM, isolated, pieces
from notifications.models import OutboxMessage

ARABIC = "شكايتكم TET-7K3Q-9XWM ستعالج قبل 25/11/2026 على الساعة 16:30، اتصلوا بـ +212 612-345678 أو a.b@example.org."


def mail(now: datetime, language: str, body: str, **more: object) -> EmailMessage:
    row = OutboxMessage(
        pk=7, recipient="rita@example.org", language=language, subject="TET-7K3Q-9XWM: تمت المعالجة", body=body,
        reference="TET-7K3Q-9XWM", created_at=now, next_attempt_at=now, **more,
    )  # fmt: skip
    parsed = message_from_bytes(compose(row).message().as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("piece", ["TET-7K3Q-9XWM", "25/11/2026", "16:30", "+212 612-345678", "a.b@example.org"])
def test_each_number_is_set_apart_as_a_whole(piece: str) -> None:
    assert f"{LRI}{piece}{PDI}" in isolated(ARABIC, "ar")


def test_nothing_is_lost_or_added_but_marks() -> None:
    marked = isolated(ARABIC, "ar")
    assert "".join(c for c in marked if c not in (LRI, PDI, RLM)) == ARABIC
    assert "".join(part for part, _ in pieces(ARABIC)) == ARABIC
    assert isolated(ARABIC, "fr") == ARABIC


def test_a_link_alone_on_its_line_stays_bare() -> None:
    text = "تابعوا:\nhttps://example.org/ar/c/AAAA1234/\n"
    assert isolated(text, "ar").split("\n")[1] == "https://example.org/ar/c/AAAA1234/"


def test_subject_text_and_html_of_an_arabic_mail_read_from_the_right(now: datetime) -> None:
    sent = mail(
        now, "ar", ARABIC, actions=[["نعم، تمت المعالجة", "https://example.org/ar/c/x/closing/?answer=confirm"]]
    )
    assert sent["Subject"].lstrip(" ").startswith(RLM)
    assert f"{LRI}TET-7K3Q-9XWM{PDI}" in sent["Subject"]
    text, html = (part.get_content() for part in sent.iter_parts())
    assert f"{LRI}16:30{PDI}" in text
    assert "https://example.org/ar/c/x/closing/?answer=confirm\n" in text
    assert '<html lang="ar" dir="rtl">' in html
    assert '<bdi dir="ltr">TET-7K3Q-9XWM</bdi>' in html
    assert 'class="action" href="https://example.org/ar/c/x/closing/?answer=confirm"' in html
    assert LRI not in html


def test_a_subscription_ends_with_one_post_as_rfc_8058_says(now: datetime) -> None:
    sent = mail(now, "fr", "Bonjour", unsubscribe_url="https://example.org/fr/f/x/end/", reply_to="r+x@example.org")
    assert sent["List-Unsubscribe"] == "<https://example.org/fr/f/x/end/>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["Reply-To"] == "r+x@example.org"
    assert "Ne plus recevoir ces messages" in sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    plain = mail(now, "fr", "Bonjour")
    assert plain["List-Unsubscribe"] is None
    assert plain["Reply-To"] is None
