"""Things in a street that several people tell of, each in her own words and language: what demo and labelled set are made of.

A thing is of a kind (a hole, a full bin…) at a spot that people name in one way or another (the school, the pharmacy of
some name…). Pure: everything is drawn from the generator that is passed in.
"""

from dataclasses import dataclass
from random import Random

# Kind → what people call it, by language; "ary" is Darija in Latin letters.
_PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "hole": {
        "fr": (
            "Grand trou dans la chaussée",
            "Nid-de-poule profond",
            "La route est défoncée, un trou",
            "Trou dangereux sur la route",
        ),
        "ar": ("حفرة كبيرة في الطريق", "الطريق محفرة", "حفرة خطيرة وسط الشارع", "حفرة عميقة"),
        "ary": ("7ofra kbira f tri9", "l7ofra khtira f zen9a", "tri9 m7afra bzaf", "wahd l7ofra ghar9a"),
        "en": ("Deep pothole in the road", "Big hole in the street"),
    },
    "bin": {
        "fr": (
            "Le bac à ordures déborde",
            "Poubelle pleine, sacs par terre",
            "Conteneur plein depuis des jours",
            "Les ordures débordent du bac",
        ),
        "ar": ("حاوية الأزبال ممتلئة", "الأزبال متراكمة حول الحاوية", "القمامة في كل مكان", "الحاوية لم تفرغ"),
        "ary": ("zbel 3amer hada tro", "poubella 3amra", "lzbel mlo7 f l ard", "tro d zbel 3amer"),
        "en": ("The bin is overflowing", "Rubbish bags beside a full container"),
    },
    "lamp": {
        "fr": (
            "Lampadaire en panne",
            "Plus d'éclairage dans la rue",
            "Le lampadaire ne s'allume plus",
            "Rue dans le noir, ampoule grillée",
        ),
        "ar": ("مصباح الشارع معطل", "الإنارة العمومية منقطعة", "الزنقة في الظلام", "عمود الإنارة لا يشتغل"),
        "ary": ("do m9tou3 f zen9a", "lampa d chari3 khasra", "dlam f derb", "poto d dow ma khdamch"),
        "en": ("Street light is out", "The lamp does not work"),
    },
    "leak": {
        "fr": (
            "Fuite d'eau sur le trottoir",
            "L'eau coule dans la rue",
            "Canalisation percée",
            "Grosse fuite d'eau potable",
        ),
        "ar": ("تسرب الماء في الشارع", "الماء يسيل على الرصيف", "أنبوب الماء مكسور", "تسرب كبير للماء"),
        "ary": ("lma kaysil f tri9", "tub d lma mherres", "fuite d lma kbira", "lma khasra f trottoir"),
        "en": ("Water is leaking on the pavement", "Broken water pipe"),
    },
    "tree": {
        "fr": (
            "Branche d'arbre cassée",
            "Arbre tombé sur le trottoir",
            "L'arbre menace de tomber",
            "Branches qui gênent le passage",
        ),
        "ar": ("غصن شجرة مكسور", "شجرة سقطت على الرصيف", "شجرة آيلة للسقوط", "أغصان تعيق المرور"),
        "ary": ("chejra ta7et f trottoir", "ghsen mherres", "chejra gha tti7", "l aghsan sadin tri9"),
        "en": ("A tree fell on the pavement", "Broken branch"),
    },
}
# Kinds by service of Tétouan's pack; other services of any pack take the first.
KIND_OF_SERVICE = {"roads": "hole", "cleanliness": "bin", "lighting": "lamp", "water": "leak", "green-spaces": "tree"}
KINDS = tuple(_PHRASES)

# What is near, as it is written in each language; {name} is a proper name.
_LANDMARKS: tuple[dict[str, str], ...] = (
    {"fr": "l'école {name}", "ar": "مدرسة {name}", "ary": "lmdrasa {name}", "en": "{name} school"},
    {"fr": "la pharmacie {name}", "ar": "صيدلية {name}", "ary": "pharmacie {name}", "en": "{name} pharmacy"},
    {"fr": "la mosquée {name}", "ar": "مسجد {name}", "ary": "jam3 {name}", "en": "{name} mosque"},
    {"fr": "le café {name}", "ar": "مقهى {name}", "ary": "9ahwa {name}", "en": "café {name}"},
    {"fr": "le numéro {number}", "ar": "رقم {number}", "ary": "numero {number}", "en": "number {number}"},
    {"fr": "l'arrêt de bus", "ar": "محطة الحافلة", "ary": "station d tobis", "en": "the bus stop"},
    {"fr": "le marché", "ar": "السوق", "ary": "souk", "en": "the market"},
    {"fr": "le rond-point", "ar": "المدار", "ary": "rond point", "en": "the roundabout"},
    {"fr": "la boulangerie {name}", "ar": "مخبزة {name}", "ary": "lfarran {name}", "en": "{name} bakery"},
    {"fr": "le jardin", "ar": "الحديقة", "ary": "l7adi9a", "en": "the garden"},
)
_NAMES: tuple[dict[str, str], ...] = tuple(
    {"fr": fr, "ar": ar, "ary": ary, "en": fr}
    for fr, ar, ary in (
        ("Al Amal", "الأمل", "l amal"), ("Ibn Sina", "ابن سينا", "ibn sina"), ("Hassan II", "الحسن الثاني", "lhassan 2"),
        ("Annasr", "النصر", "nasr"), ("Al Andalous", "الأندلس", "landalous"), ("Sidi Ali", "سيدي علي", "sidi 3li"),
        ("Zahra", "الزهراء", "zahra"), ("Atlas", "الأطلس", "l atlas"), ("Moulay Rachid", "مولاي رشيد", "moulay rchid"),
        ("Al Wahda", "الوحدة", "lwa7da"), ("Mimosa", "ميموزا", "mimoza"), ("Essalam", "السلام", "salam"),
        ("Badr", "بدر", "badr"), ("Ennour", "النور", "nour"), ("Chefchaouni", "الشفشاوني", "chefchaouni"),
    )
)  # fmt: skip
_NEAR = {
    "fr": ("devant {place}", "en face de {place}", "à côté de {place}", "juste avant {place}"),
    "ar": ("أمام {place}", "قرب {place}", "بجانب {place}", "قبالة {place}"),
    "ary": ("9dam {place}", "hda {place}", "7da {place}"),
    "en": ("in front of {place}", "near {place}", "next to {place}"),
}
_SMALL_TALK = {
    "fr": ("Merci d'intervenir.", "Cela dure depuis plusieurs jours.", "C'est dangereux pour les enfants.", "", ""),
    "ar": ("المرجو التدخل.", "المشكل مستمر منذ أيام.", "خطر على الأطفال.", "", ""),
    "ary": ("3afakom dirou chi 7el.", "hadi simana w hna haka.", "khatar 3la drari.", "", ""),
    "en": ("Please have a look.", "It has been like this for days.", "", ""),
}
LANGUAGES = ("fr", "ar", "ary", "en")
_WEIGHTS = (45, 30, 20, 5)


@dataclass(frozen=True)
class Thing:
    """What is wrong at one spot."""

    kind: str
    landmark: int
    name: int
    number: int


def new_thing(rng: Random, kind: str) -> Thing:
    """A thing of a kind at a spot of its own."""
    return Thing(kind, rng.randrange(len(_LANDMARKS)), rng.randrange(len(_NAMES)), rng.randint(1, 180))


def spoken_language(rng: Random) -> str:
    """One of LANGUAGES, as people of Tétouan write."""
    return rng.choices(LANGUAGES, _WEIGHTS)[0]


def tell(thing: Thing, language: str, rng: Random) -> str:
    """How one person tells of a thing: a phrase, most often what is near, sometimes more, with slips of the keyboard."""
    text = rng.choice(_PHRASES[thing.kind][language])
    if rng.random() < 0.75:
        place = _LANDMARKS[thing.landmark][language].format(name=_NAMES[thing.name][language], number=thing.number)
        text = f"{text} {rng.choice(_NEAR[language]).format(place=place)}"
    extra = rng.choice(_SMALL_TALK[language])
    return _slip(f"{text}. {extra}".strip(), rng)


def _slip(text: str, rng: Random) -> str:
    """A letter left out or two swapped in one text of four; accents left out in one of three."""
    if rng.random() < 0.33:
        text = text.translate(str.maketrans("éèêàùçôî", "eeeaucoi"))
    if rng.random() < 0.25 and len(text) > 12:
        at = rng.randrange(3, len(text) - 3)
        text = text[:at] + (text[at + 1 :] if rng.random() < 0.5 else text[at + 1] + text[at] + text[at + 2 :])
    return text.lower() if rng.random() < 0.3 else text
