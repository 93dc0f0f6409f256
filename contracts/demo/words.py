"""What made-up officers, operators and managers write, in French and Arabic by turns: as a real town hall's files would read.

Every sentence fits any service; what depends on the kind of breach stands under it.
"""

from contracts.models import Clause

_Breach = Clause.Breach
GROUNDS = {
    _Breach.FOUNDED: (
        "Passage d'un agent sur place\u00a0: le désordre signalé est constaté et relève du périmètre de la convention.",
        "عاين عون الجماعة المكان: الخلل المبلغ عنه قائم ويدخل ضمن نطاق الاتفاقية.",
    ),
    _Breach.ANSWER: (
        "La première réponse à l'habitant n'a été donnée qu'après le délai contractuel, sans demande de prolongation.",
        "لم يقدم الجواب الأول للمرتفق إلا بعد انقضاء الأجل التعاقدي، دون طلب تمديد.",
    ),
    _Breach.RESOLUTION: (
        "L'intervention n'a été enregistrée qu'après le délai contractuel et sa franchise, sans demande de prolongation.",
        "لم يسجل التدخل إلا بعد انقضاء الأجل التعاقدي وفترة السماح، دون طلب تمديد.",
    ),
}
# What an operator argues, each point with what the city replies to it.
ARGUMENTS = (
    (
        (
            "La rue était fermée à la circulation par un chantier municipal.",
            "Le chantier ne couvrait que la moitié de la rue\u00a0; l'accès restait possible par le haut.",
        ),
        (
            "L'équipe est passée deux fois sans pouvoir accéder.",
            "Le journal de l'équipe ne mentionne aucun passage à cette adresse.",
        ),
    ),
    (("كان الشارع مغلقا بسبب أشغال الجماعة.", "لم تغلق الأشغال إلا نصف الشارع، وبقي المرور ممكنا."),),
    (
        (
            "Le signalement concerne un point situé hors de notre secteur.",
            "Le point se trouve à l'intérieur du périmètre de la convention, comme le montre la carte du dossier.",
        ),
    ),
    (
        ("مر الفريق بالمكان في اليوم نفسه حسب سجله.", "سجل الفريق لا يذكر هذا الشارع في ذلك اليوم."),
        ("لم نتوصل بأي تذكير من المصلحة.", "لا تعلق الاتفاقية الأجل على أي تذكير."),
    ),
    (
        (
            "Panne du véhicule le jour prévu\u00a0; remplacement effectué le lendemain.",
            "La convention met la continuité du service à la charge du délégataire.",
        ),
    ),
)
APPEALS = (
    ("Le désordre vient des travaux d'un autre service de la commune.", "Le service des travaux a été entendu."),
    ("الخلل ناتج عن أشغال مصلحة أخرى تابعة للجماعة.", "تم الاستماع إلى مصلحة الأشغال."),
)
REASONS = {
    "justify": (
        "Les faits sont établis et aucun argument ne les écarte.",
        "الوقائع ثابتة والحجج المدلى بها لا تنفيها.",
    ),
    "dismiss": (
        "Les pièces montrent que le manquement n'est pas imputable au délégataire.",
        "تبين الوثائق أن الإخلال لا ينسب إلى المفوض إليه.",
    ),
    "reverse": (
        "Le service des travaux confirme que le désordre vient de son chantier.",
        "أكدت مصلحة الأشغال أن الخلل ناتج عن ورشها.",
    ),
    "uphold": ("L'appel ne contient aucun élément nouveau.", "لا يتضمن الاستئناف أي عنصر جديد."),
    "waive": (
        "Crue de l'oued\u00a0: force majeure reconnue pour le secteur.",
        "فيضان الوادي: قوة قاهرة معترف بها في القطاع.",
    ),
    "withdraw": ("Ouvert par erreur sur une autre adresse.", "فتحت خطأ بشأن عنوان آخر."),
}
AUTHORITIES = ("Décision n° 14/2026 du président du conseil", "Délibération n° 31 de la session d'octobre")
REPLIES = {text: reply for points in (*ARGUMENTS, APPEALS) for text, reply in points}
