"""A city full of complaints, made in SQL in a minute: for measuring reads, where filing them one by one would take hours.

Every unit gets `open_per_unit` open complaints, its newest; all others are closed. Words follow Zipf's law, so that a
search meets words that are everywhere, words that are rare ("lot4711") and everything between.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2

from bench.columns import defaults
from complaints.models import Complaint
from complaints.tracking import ALPHABET

CHUNK = 50_000
_FRENCH = """
trou rue poubelle éclairage trottoir fuite eau école marché chaussée déchets arbre danger voiture nuit odeur quartier immeuble
feu signalisation bus arrêt jardin banc lampadaire égout bouche canalisation chantier gravats sable bruit terrain mur barrière
portail panneau peinture racine branche herbe chien chat moustique rat insecte parking accident enfant personne âgée escalier
rampe passage piéton carrefour rond-point pont tunnel rivière plage corniche médina
"""
_ARABIC = """
حفرة شارع أزبال إنارة رصيف تسرب ماء مدرسة سوق طريق نفايات شجرة خطر سيارة ليل رائحة حي عمارة حافلة موقف حديقة مقعد عمود مجاري
بالوعة ورش أتربة ضجيج جدار باب لوحة صباغة غصن عشب كلب بعوض فأر حشرة طفل درج ممر قنطرة وادي شاطئ مدينة
"""
_DARIJA = "7ofra zbel tri9 do lma l7it zan9a 7anot mdersa souk zebala 3mara kelb"
_FIRST_NAMES = "Salma Karim Fatima Youssef Zineb Hamid Nadia Rachid Amina Driss Latifa Omar Houda Said Khadija Tarik"
_ROOTS = "Bennis Alami Torres Ragoun Lebbadi Erzini Khatib Medina Bennouna Aragon Raissouni Lucas Bakkali Daoud"

# Numbers drawn from n alone: the same city each time. `u(k)` is between 0 and 1.
_DRAW = "(abs(hashint8(n * 64 + {k})::bigint) % 1000003) / 1000003.0"
_COMPLAINT = {
    "tracking_number": "%(prefix)s || '-' || left(number.symbols, 4) || '-' || right(number.symbols, 4)",
    "jurisdiction_id": "%(city)s",
    "service_id": "cat.service_id",
    "category_id": "cat.id",
    "kind": "'complaint'",
    "channel": "'web'",
    "point": "place.at",
    "public_point": "place.at",
    "place_precision": "'exact'",
    "place_shown": "'exact'",
    "district_id": "(%(districts)s::bigint[])[1 + floor({u7} * %(district_count)s)::int]",
    "unit_id": "(%(units)s::bigint[])[1 + floor({u1} * {u1} * %(unit_count)s)::int]",
    "description": """(SELECT string_agg((%(words)s::text[])[1 + floor(power(
        (abs(hashint8(n * 64 + 20 + w)::bigint) %% 1000003) / 1000003.0, 3) * %(word_count)s)::int], ' ')
        FROM generate_series(1, 12) w) || ' lot' || (n %% 5000)""",
    "location_text": "'rue ' || (%(streets)s::text[])[1 + floor({u2} * %(street_count)s)::int] || ' ' || (n %% 200)",
    "text_review": "CASE WHEN {u3} < 0.7 THEN 'released' ELSE 'pending' END",
    "state": "'resolved'",
    "submitted_at": "t.at",
    "updated_at": "t.at + interval '3 days'",
    "answered_at": "t.at + interval '1 day'",
    "closed_at": "t.at + interval '2 days' + {u4} * interval '10 days'",
    "answer_due_at": "t.at + interval '2 days'",
    "resolution_due_at": "t.at + interval '7 days'",
}
_FROM = """
FROM generate_series(%(first)s, %(last)s) n
CROSS JOIN LATERAL (SELECT now() - interval '730 days' * (1 - n / %(total)s::float8) AS at) t
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(-5.42 + {u5} * 0.12, 35.55 + {u6} * 0.06), 4326) AS at) place
CROSS JOIN LATERAL (SELECT string_agg(substr(%(alphabet)s, 1 + digit, 1), '' ORDER BY place)
    || substr(%(alphabet)s, 1 + (sum((place + 2) * digit) %% length(%(alphabet)s))::int, 1) AS symbols
  FROM (SELECT place, (n / power(length(%(alphabet)s), place)::bigint %% length(%(alphabet)s))::int AS digit
    FROM generate_series(0, 6) place) digits) number
JOIN catalogue_category cat ON cat.id = (%(categories)s::bigint[])[1 + floor({u8} * %(category_count)s)::int]
"""
_REPORTERS = """
INSERT INTO complaints_reporter (complaint_id, name, email, phone, language, consent_contact, consent_version,
  consent_language, consent_at)
SELECT c.id, (%(first_names)s::text[])[1 + c.id %% %(n_first)s] || ' ' || (%(last_names)s::text[])[1 + (c.id / 7) %% %(n_last)s],
  'person' || c.id || '@example.org', '+2126' || lpad((c.id %% 100000000)::text, 8, '0'), 'fr', true, '1', 'fr', c.submitted_at
FROM made c
"""
_OPEN = """
UPDATE complaints_complaint SET closed_at = NULL,
  state = (ARRAY['received', 'accepted', 'in_progress', 'waiting_reporter', 'reopened'])[1 + id %% 5],
  answered_at = CASE WHEN id %% 3 = 0 THEN submitted_at + interval '1 hour' END,
  answer_due_at = now() + (id %% 97 - 20) * interval '1 hour', resolution_due_at = now() + (id %% 211 - 20) * interval '1 hour',
  paused_at = CASE WHEN id %% 5 = 3 THEN submitted_at + interval '2 hours' END
WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY unit_id ORDER BY submitted_at DESC) AS r
  FROM complaints_complaint WHERE jurisdiction_id = %(city)s) x WHERE r <= %(open_per_unit)s)
"""
_CLOSE = """
UPDATE complaints_complaint SET state = 'resolved', closed_at = submitted_at + interval '9 days' WHERE closed_at IS NULL
"""
_TABLES = "complaints_complaint, complaints_reporter"
# Row by row, indexes and checks of references would take nearly all of the time: they are made again after it.
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid IN ('complaints_complaint'::regclass, 'complaints_reporter'::regclass) AND NOT indisunique
"""
_REFERENCES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid IN ('complaints_complaint'::regclass, 'complaints_reporter'::regclass) AND contype = 'f'
"""


def fill(owner_url: str, city_code: str, total: int, *, open_per_unit: int, say: Callable[[str], None]) -> None:
    """Complaints of a loaded city up to `total`; run again with more, it adds. `owner_url` may change the tables."""
    connection = psycopg2.connect(owner_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        values = _values(cursor, city_code, total)
        cursor.execute("SELECT count(*) FROM complaints_complaint WHERE jurisdiction_id = %(city)s", values)
        have = cursor.fetchone()[0]
        with bare_tables(cursor, say):
            insert = _insert()
            for first in range(have + 1, total + 1, CHUNK):
                last = min(first + CHUNK - 1, total)
                cursor.execute(insert, values | {"first": first, "last": last})
                say(f"{last} of {total} complaints")
            cursor.execute(_CLOSE)
            cursor.execute(_OPEN, values | {"open_per_unit": open_per_unit})
        cursor.execute(f"VACUUM ANALYZE {_TABLES}")
    connection.close()


def _insert() -> str:
    """Complaints, each with its reporter. Every column of the model; those that no search or order looks at hold its defaults."""
    draws = {f"u{k}": _DRAW.format(k=k).replace("%", "%%") for k in range(1, 9)}
    columns = {name: sql.format(**draws) for name, sql in _COMPLAINT.items()} | defaults(Complaint, _COMPLAINT)
    complaints = (
        f"INSERT INTO complaints_complaint ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        + _FROM.format(**draws)
    )
    return f"WITH made AS ({complaints} RETURNING id, submitted_at) {_REPORTERS}"


@contextmanager
def bare_tables(cursor: "psycopg2.extensions.cursor", say: Callable[[str], None]) -> Iterator[None]:
    """The two tables without indexes (but unique ones) and references; both are there again at the end."""
    cursor.execute(_INDEXES)
    indexes = cursor.fetchall()
    cursor.execute(_REFERENCES)
    references = cursor.fetchall()
    for table, name, _definition in references:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        for name, definition in indexes:
            say(f"index {name}")
            cursor.execute(definition)
        for table, name, definition in references:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _values(cursor: "psycopg2.extensions.cursor", city_code: str, total: int) -> dict[str, object]:
    """What the statements above are filled with: the city's own units, categories and districts."""
    cursor.execute("SELECT id, tracking_prefix FROM catalogue_jurisdiction WHERE code = %s", [city_code])
    city, prefix = cursor.fetchone()
    lists: dict[str, list[object]] = {}
    for name, sql in (
        ("units", "SELECT id FROM catalogue_unit WHERE jurisdiction_id = %s ORDER BY id"),
        (
            "categories",
            "SELECT id FROM catalogue_category WHERE jurisdiction_id = %s AND NOT urgent AND publication = 'exact'"
            " ORDER BY id",
        ),
        (
            "districts",
            "SELECT d.id FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active"
            " WHERE d.jurisdiction_id = %s ORDER BY d.id",
        ),
    ):
        cursor.execute(sql, [city])
        lists[name] = [row[0] for row in cursor.fetchall()]
    french, arabic, darija = _FRENCH.split(), _ARABIC.split(), _DARIJA.split()
    words = [word for triple in zip(french, arabic, darija, strict=False) for word in triple]
    words += [
        f"{word}{ending}" for word in french for ending in ("", "s", "ement", "ier", "age", "eux", "ique")
    ] + arabic
    first_names, roots = _FIRST_NAMES.split(), _ROOTS.split()
    last_names = [f"{first} {root}".strip() for first in ("", "El", "Ait", "Ben", "Bou", "Ouled") for root in roots]
    last_names += [f"{root}{ending}" for root in roots for ending in ("i", "a", "ane", "ni", "che", "our", "il")]
    return {
        "city": city,
        "total": total,
        "prefix": prefix,
        "alphabet": ALPHABET,
        "units": lists["units"],
        "unit_count": len(lists["units"]),
        "categories": lists["categories"],
        "category_count": len(lists["categories"]),
        "districts": lists["districts"],
        "district_count": len(lists["districts"]),
        "words": words,
        "word_count": len(words),
        "streets": french[-30:],
        "street_count": 30,
        "first_names": first_names,
        "n_first": len(first_names),
        "last_names": last_names,
        "n_last": len(last_names),
    }
