"""What is read of a mail that comes in: the new words, the files, and whether a machine wrote it."""

from email.message import EmailMessage

import pytest

from notifications.incoming import MARK, Incoming, new_words, read_mail


def mail(text: str = "Oui", *, headers: dict[str, str] | None = None) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "Fatima <fatima@example.org>", "To": "a@example.org", **(headers or {})}.items():
        message[name] = value
    message.set_content(text)
    return message


def read(message: EmailMessage) -> Incoming:
    return read_mail(message.as_bytes())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Le trou est encore là.", "Le trou est encore là."),
        ("Oui.\n\nLe lun. 23 nov. 2026 à 10:00, Mairie <x@example.org> a écrit :\n> Bonjour\n> suite", "Oui."),
        ("Yes.\n\nOn Mon, Nov 23, 2026 at 10:00 AM City Hall\n<x@example.org> wrote:\n\n> Hello", "Yes."),
        ("نعم\n\nفي الاثنين، 23 نوفمبر كتب بلدية تطوان:\n> مرحبا", "نعم"),
        ("Oui.\r\n\r\n-----Message d'origine-----\r\nDe : Mairie\r\nEnvoyé : lundi\r\nBonjour", "Oui."),
        ("Oui.\n\nDe : Mairie <x@example.org>\nEnvoyé : lundi 23 novembre\nÀ : Fatima\n\nBonjour", "Oui."),
        ("Oui.\n\n________________________________\nFrom: City\nBonjour", "Oui."),
        (f"Ja.\n\nAm 23.11.2026 schrieb Rathaus:\n\n> {MARK} Merci\n> Guten Tag", "Ja."),
        (f"Да.\n\n23.11.2026, мэрия пишет:\n\n{MARK} Merci de répondre", "Да."),
        ("Merci\n-- \nFatima\n06 00", "Merci"),
        ("> Quand ?\nDemain\n> Où ?\nIci", "Demain\nIci"),
        ("De : la rue jusqu'au parc, tout est noir.", "De : la rue jusqu'au parc, tout est noir."),
        ("Le trou est là depuis lundi :\nil grandit.", "Le trou est là depuis lundi :\nil grandit."),
        (
            "Le trou s'est agrandi.\n\nLe ven. 27 nov. 2026 à 23:50, Mairie <x@example.org> a écrit :\n> Bonjour",
            "Le trou s'est agrandi.",
        ),
        (
            "Le trou a 2 m.\nLe ven. 27 nov. 2026 à 23:50,\nMairie <x@example.org> a écrit :\n> Bonjour",
            "Le trou a 2 m.",
        ),
        ("On the road.\n\nOn Fri, Nov 27, 2026 at 11:50 PM City Hall\n<x@example.org> wrote:\n> Hello", "On the road."),
        ("في الشارع نفسه\n\nفي الجمعة، 27 نونبر 2026 كتب بلدية تطوان:\n> مرحبا", "في الشارع نفسه"),
        (
            "Voici ce que le syndic m'a écrit :\nrien n'est prévu.",
            "Voici ce que le syndic m'a écrit :\nrien n'est prévu.",
        ),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("\u2066TET\u2069\u200b oui\x00", "TET oui"),
        ("", ""),
        ("> tout\n> est cité", ""),
    ],
)
def test_only_what_was_written_now_is_read(text: str, expected: str) -> None:
    assert new_words(text) == expected


def test_a_page_alone_is_read_as_text_without_scripts_and_quotations() -> None:
    message = mail()
    message.set_content(
        "<html><head><title>t</title><style>p{}</style></head><body><p>C&rsquo;est <b>encore</b> cassé.<br>Venez.</p>"
        "<script>alert(1)</script><div style='display: none'>piège</div><div class='gmail_quote'>Le lundi <div>Mairie"
        "</div> a écrit :<blockquote>Bonjour</blockquote></div></body></html>",
        subtype="html",
    )
    assert read(message).words == "C’est encore cassé.\nVenez."


def test_of_two_forms_the_plain_one_counts() -> None:
    message = mail("simple")
    message.add_alternative("<p>page</p>", subtype="html")
    assert read(message).words == "simple"


def test_files_are_found_and_small_pictures_of_a_signature_are_not() -> None:
    message = mail()
    message.add_attachment(b"\xff\xd8\xffphoto", maintype="image", subtype="jpeg", filename="../trou.jpg")
    message.add_attachment(b"GIF89a", maintype="image", subtype="gif", cid="<logo>", disposition="inline")
    message.add_attachment(mail("autre"))
    found = read(message)
    assert [(file.name, file.data) for file in found.files] == [("../trou.jpg", b"\xff\xd8\xffphoto")]
    assert found.words == "Oui"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"Precedence": "auto_reply"},
        {"Return-Path": "<>"},
        {"X-Autoreply": "yes"},
        {"X-Auto-Response-Suppress": "All"},
        {"List-Id": "<x.example.org>"},
        {"From": "MAILER-DAEMON@example.org"},
        {"From": ""},
    ],
)
def test_what_a_machine_wrote_is_known(headers: dict[str, str]) -> None:
    assert read(mail(headers=headers)).automatic


def test_a_person_is_no_machine() -> None:
    assert not read(mail(headers={"Auto-Submitted": "no", "Return-Path": "<fatima@example.org>"})).automatic


def test_a_bounce_is_known_by_its_kind() -> None:
    assert read_mail(
        b"From: x@example.org\nContent-Type: multipart/report; boundary=a\n\n--a\n\nUndelivered\n--a--\n"
    ).automatic


def test_every_header_that_names_a_recipient_is_looked_at() -> None:
    message = mail(headers={"Cc": "b@example.org, C <c@example.org>", "Delivered-To": "d@example.org"})
    assert read(message).recipients == ("a@example.org", "b@example.org", "c@example.org", "d@example.org")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: text/plain; charset=nonsense\n\nOui",
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"From: =?utf-8?b?//8=?= <\n\n",
        b"To: " + b"<" * 5000 + b"\n\nOui",
        b"Subject: x\nTo: " + b"a@b.org, " * 20_000 + b"\n\nOui",
        b"Content-Disposition: attachment; filename*=utf-8''%ff%fe; filename=\"a\"\n\nx",
        b"Content-Type: text/html\n\n" + b"<div>" * 50_000 + b"<![ <!-- <?",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)) + b"\nOui",
    ],
    ids=range(11),
)
def test_no_mail_however_odd_is_more_than_read(raw: bytes) -> None:
    found = read_mail(raw)
    assert len(found.words) < 300_000
