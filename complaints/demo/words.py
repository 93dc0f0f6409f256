"""What made-up residents and clerks write, in the languages of the story."""

DESCRIPTIONS = {
    "fr": [
        "Cela dure depuis plusieurs jours, merci d'intervenir.",
        "Le problème revient chaque semaine au même endroit.",
        "Les voisins l'ont déjà signalé, rien n'a changé.",
        "C'est dangereux pour les enfants qui vont à l'école.",
        "Juste devant l'entrée de l'immeuble.",
        "Depuis les dernières pluies, c'est devenu impraticable.",
        "L'odeur est insupportable le soir.",
        "Merci de passer voir avant la fin de la semaine.",
    ],
    "ar": [
        "المشكل مستمر منذ عدة أيام، المرجو التدخل.",
        "يتكرر الأمر كل أسبوع في نفس المكان.",
        "سبق للجيران أن بلغوا دون جدوى.",
        "هذا خطر على الأطفال في طريقهم إلى المدرسة.",
        "أمام مدخل العمارة مباشرة.",
        "منذ الأمطار الأخيرة أصبح المرور صعبا.",
        "الرائحة لا تطاق في المساء.",
        "المرجو المعاينة قبل نهاية الأسبوع.",
    ],
    "en": [
        "It has been like this for days.",
        "Please have a look, it is dangerous for children.",
        "It keeps coming back.",
    ],
}

ANSWERS = {
    "fr": "Bonjour, votre réclamation a été transmise à l'équipe du secteur, qui passera dans le délai indiqué.",
    "ar": "تحية طيبة، أحيلت شكايتكم على فريق القطاع الذي سيتدخل داخل الأجل المحدد.",
    "en": "Good morning, your complaint has gone to the crew of the sector, who will come within the time stated.",
}

NOTES = {
    "resolve": {"fr": "Intervention faite ce jour.", "ar": "تم التدخل اليوم.", "en": "The work was done today."},
    "reject": {
        "fr": "Rien n'a été constaté sur place lors de deux passages.",
        "ar": "لم يعاين أي شيء بعين المكان خلال زيارتين.",
        "en": "Two visits found nothing on site.",
    },
    "out_of_scope": {
        "fr": "Cela relève de la direction régionale de l'équipement.",
        "ar": "هذا من اختصاص المديرية الجهوية للتجهيز.",
        "en": "This is the regional roads directorate's.",
    },
    "ask": {
        "fr": "Pouvez-vous préciser l'endroit exact ou joindre une photo ?",
        "ar": "هل يمكنكم تحديد المكان بدقة أو إرفاق صورة؟",
        "en": "Could you tell us the exact place, or attach a photo?",
    },
    "contest": {
        "fr": "Le problème est toujours là, rien n'a été fait.",
        "ar": "المشكل لا يزال قائما ولم يتم أي شيء.",
        "en": "It is still there; nothing was done.",
    },
}
