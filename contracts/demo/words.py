"""What made-up officers, operators and managers write, in French and Arabic by turns: as a real town hall's files would read."""

GROUNDS = (
    "Passage d'un agent sur place : le désordre signalé est constaté et relève du périmètre de la convention.",
    "عاين عون الجماعة المكان: الخلل المبلغ عنه قائم ويدخل ضمن نطاق الاتفاقية.",
    "Le délai contractuel est dépassé sans intervention enregistrée ni demande de prolongation.",
    "انقضى الأجل التعاقدي دون تسجيل أي تدخل ولا طلب تمديد.",
)
ARGUMENTS = (
    (
        "La rue était fermée à la circulation par un chantier municipal.",
        "L'équipe est passée deux fois sans pouvoir accéder.",
    ),
    ("كان الشارع مغلقا بسبب أشغال الجماعة.",),
    ("Le signalement concerne un point situé hors de notre secteur.",),
    ("تم التدخل في نفس اليوم حسب سجل الشاحنة.", "الصورة المرفقة لا تخص نفس المكان."),
    ("Panne du véhicule le jour prévu ; remplacement effectué le lendemain.",),
)
REPLIES = (
    "Le chantier ne couvrait que la moitié de la rue ; l'accès restait possible par le haut.",
    "سجل الشاحنة لا يذكر هذا الشارع في ذلك اليوم.",
    "Le point se trouve à l'intérieur du périmètre, comme le montre le plan joint.",
    "L'article 42 met la continuité du service à la charge du délégataire.",
)
REASONS = {
    "justify": (
        "Les faits sont établis et aucun argument ne les écarte.",
        "الوقائع ثابتة والحجج المدلى بها لا تنفيها.",
    ),
    "dismiss": ("Les pièces montrent une intervention dans le délai.", "تبين الوثائق أن التدخل تم داخل الأجل."),
    "reverse": ("La photo produite en appel montre une autre rue.", "الصورة المدلى بها استئنافا تخص شارعا آخر."),
    "uphold": ("L'appel ne contient aucun élément nouveau.", "لا يتضمن الاستئناف أي عنصر جديد."),
    "waive": (
        "Crue de l'oued : force majeure reconnue pour le secteur.",
        "فيضان الوادي: قوة قاهرة معترف بها في القطاع.",
    ),
    "withdraw": ("Ouvert par erreur sur une autre adresse.", "فتحت خطأ بشأن عنوان آخر."),
}
APPEALS = ("La photo retenue ne montre pas le lieu en cause.", "الصورة المعتمدة لا تظهر المكان المعني.")
AUTHORITIES = ("Décision n° 14/2026 du président du conseil", "Délibération n° 31 de la session d'octobre")
