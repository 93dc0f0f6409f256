"""Ready-made texts of the demo: one or two for each step, in three languages; one still waits for its translation."""

from datetime import datetime

from catalogue.models import Jurisdiction
from complaints.models import Reply

_TEXTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        Reply.Step.ANSWER,
        "Une équipe passera",
        {
            "fr": "Bonjour, nous avons bien reçu votre signalement « {category} » ({district}). Une équipe passera sur place. "
            "Vous serez informé au plus tard le {resolve_by}.\n{unit}",
            "ar": "السلام عليكم، توصلنا بشكايتكم «{category}» ({district}). سينتقل فريق إلى عين المكان. سنخبركم في أجل أقصاه "
            "{resolve_by}.\n{unit}",
            "en": "Hello, we have received your report “{category}” ({district}). A crew will go there. You will hear from us by "
            "{resolve_by}.\n{unit}",
        },
    ),
    (
        Reply.Step.ANSWER,
        "Travaux programmés",
        {
            "fr": "Bonjour, les travaux sont programmés ; ils seront achevés au plus tard le {resolve_by}. Merci de votre "
            "patience.\n{unit}"
        },
    ),
    (
        Reply.Step.ASK,
        "Où exactement ?",
        {
            "fr": "Bonjour, notre équipe n'a pas trouvé l'endroit. Pouvez-vous nous donner le numéro de l'immeuble le plus "
            "proche, ou une photo prise de plus loin ?",
            "ar": "السلام عليكم، لم يعثر فريقنا على المكان. هل يمكنكم إعطاؤنا رقم أقرب عمارة، أو صورة مأخوذة من مسافة أبعد؟",
            "en": "Hello, our crew could not find the place. Could you give us the number of the nearest building, or a photo "
            "taken from further away?",
        },
    ),
    (
        Reply.Step.RESOLVE,
        "C'est fait",
        {
            "fr": "Le problème que vous avez signalé le {filed} est réglé. Merci de nous avoir aidés.\n{unit}",
            "ar": "تمت معالجة المشكل الذي بلغتم عنه يوم {filed}. شكرا على مساعدتكم.\n{unit}",
            "en": "The problem that you reported on {filed} is settled. Thank you for helping us.\n{unit}",
        },
    ),
    (
        Reply.Step.REJECT,
        "Rien constaté sur place",
        {
            "fr": "Notre équipe s'est rendue sur place et n'a rien constaté. Si le problème est toujours là, contestez "
            "cette décision en joignant une photo : la réclamation sera rouverte.",
            "ar": "انتقل فريقنا إلى عين المكان ولم يعاين شيئا. إذا كان المشكل ما زال قائما، فاعترضوا على هذا القرار مع إرفاق "
            "صورة، وسيعاد فتح الشكاية.",
            "en": "Our crew went there and found nothing. If the problem is still there, contest this decision and add a photo: "
            "the complaint will be opened again.",
        },
    ),
    (
        Reply.Step.OUT_OF_SCOPE,
        "Réseau d'eau et d'électricité",
        {
            "fr": "L'eau potable, l'assainissement et l'électricité relèvent de la société régionale multiservices. Nous ne "
            "pouvons pas intervenir sur ses ouvrages.",
            "ar": "الماء الصالح للشرب والتطهير السائل والكهرباء من اختصاص الشركة الجهوية متعددة الخدمات. لا يمكننا التدخل في "
            "منشآتها.",
            "en": "Drinking water, sewers and electricity belong to the regional utility company. We cannot work on its "
            "installations.",
        },
    ),
)


def write_replies(city: Jurisdiction, *, now: datetime) -> None:
    """The texts, for the whole city's desk; those whose name is there already stay as somebody may have changed them."""
    known = set(Reply.objects.filter(jurisdiction=city).values_list("step", "name"))
    Reply.objects.bulk_create(
        Reply(
            jurisdiction=city,
            step=step,
            name=name,
            texts={language: text for language, text in texts.items() if language in city.languages},
            updated_at=now,
        )
        for step, name, texts in _TEXTS
        if (step, name) not in known and city.languages[0] in texts
    )
