"""Why a file was not taken, in words (codes of sandbox.uploads)."""

from django.utils.translation import gettext as _


def refusal_words(code: str) -> str:
    """The reason for a person; a general one for a code that has no words."""
    words = {
        "empty_file": _("The file is empty."),
        "file_too_large": _("The file is larger than 10 MB."),
        "type_not_supported": _("This kind of file is not accepted."),
        "damaged_image": _("The picture is damaged and cannot be opened."),
        "too_many_pixels": _("The picture has too many pixels."),
        "took_too_long": _("The file took too long to open."),
        "too_much_memory": _("The file needs too much memory to open."),
        "damaged_pdf": _("The PDF is damaged and cannot be opened."),
        "encrypted_pdf": _("The PDF is locked with a password."),
        "active_pdf": _("The PDF holds a program; only plain documents are accepted."),
        "pdf_with_attachments": _("The PDF holds other files; send them one by one."),
        "file_lost": _("The file was lost on our side; please send it again."),
        "erased": _("The file was erased at your request."),
    }
    return words.get(code, _("The file could not be checked."))
