"""Short lists of named things in forms (choices of a question, emergency numbers): a line each instead of stored JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

Rows = list[dict[str, Any]]

# So many empty lines wait for further entries.
SPARE = 3


class NamedRowsWidget(forms.Widget):
    """A line an entry: `<name>_0_<key>` and its name in each language of the site, `<name>_0_fr`. Emptied lines are dropped."""

    def __init__(self, key: str, key_label: str | Promise) -> None:
        super().__init__()
        self.key, self.key_label = key, key_label

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Rows:
        rows: Rows = []
        line = 0
        while f"{name}_{line}_{self.key}" in data:
            key = str(data[f"{name}_{line}_{self.key}"]).strip()
            typed = ((code, str(data.get(f"{name}_{line}_{code}", "")).strip()) for code, _name in settings.LANGUAGES)
            names = {code: text for code, text in typed if text}
            if key or names:
                rows.append({self.key: key, "name": names})
            line += 1
        return rows

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}_0_{self.key}" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows: Rows = [*(value if isinstance(value, list) else ()), *({} for _spare in range(SPARE))]
        lines = format_html_join("", "<p>{}</p>", ((self._line(f"{name}_{i}", row),) for i, row in enumerate(rows)))
        return format_html('<div class="named-rows">{}</div>', lines)

    def _line(self, name: str, row: Mapping[str, Any]) -> SafeString:
        names = row.get("name") or {}
        key = format_html(
            '<input name="{}_{}" value="{}" aria-label="{}" placeholder="{}" dir="ltr" size="12">',
            name, self.key, row.get(self.key, ""), self.key_label, self.key_label,
        )  # fmt: skip
        texts = format_html_join(
            "",
            '<input name="{}_{}" value="{}" lang="{}" aria-label="{}" placeholder="{}" dir="auto">',
            ((name, code, names.get(code, ""), code, title, title) for code, title in settings.LANGUAGES),
        )
        return format_html("{}{}", key, texts)


class NamedRowsField(forms.Field):
    """`[{"<key>": "green", "name": {"fr": "Vert", …}}, …]`; each entry needs its key, once, and a name."""

    def __init__(self, key: str, key_label: str | Promise, *, form: RegexValidator, **options: Any) -> None:
        options = {name: options[name] for name in ("label", "required", "help_text") if name in options}
        options.setdefault("help_text", _("A line for each. Empty a line to take it away."))
        self.key, self.form = key, form
        super().__init__(widget=NamedRowsWidget(key, key_label), **options)

    def to_python(self, value: Any) -> Rows:
        return list(value or ())

    def validate(self, value: Any) -> None:
        super().validate(value)
        seen: set[str] = set()
        for number, row in enumerate(value, start=1):
            key = row[self.key]
            if not key or not row["name"]:
                raise ValidationError(_("Line %(n)d is incomplete."), params={"n": number})
            self.form(key)
            if key in seen:
                raise ValidationError(_("“%(key)s” is there twice."), params={"key": key})
            seen.add(key)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or ()) != self.keeping(data or (), initial or ())

    def keeping(self, typed: Sequence[Mapping[str, Any]], stored: Sequence[Mapping[str, Any]]) -> Rows:
        """What was typed, with what the lines do not show of the entries of the same key: further languages, further facts."""
        shown = {code for code, _name in settings.LANGUAGES}
        old = {str(row.get(self.key)): row for row in stored if isinstance(row, dict)}
        rows = []
        for row in typed:
            before = old.get(row[self.key], {})
            hidden = {code: text for code, text in (before.get("name") or {}).items() if code not in shown}
            rows.append({**before, **row, "name": hidden | row["name"]})
        return rows
