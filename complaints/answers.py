"""Answers to a category's questions, checked against the question's kind. Pure."""

import math
from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.translation import gettext_lazy as _

from catalogue.models import Question
from complaints.errors import AnswerInvalid

MAX_ANSWER_TEXT = 500


def check_answers(questions: Iterable[Question], given: Mapping[str, object]) -> dict[str, object]:
    """The answers to keep, by question code: texts, numbers, ISO dates, choice codes, lists of choice codes.

    Empty answers are left out. Raises AnswerInvalid whose `field` is `answers.CODE` for an unknown question, a missing
    required answer, or a value of the wrong kind.
    """
    by_code = {question.code: question for question in questions}
    for code in given:
        if code not in by_code:
            raise AnswerInvalid(_("This category does not ask that."), field=f"answers.{code[:60]}")
    kept: dict[str, object] = {}
    for code, question in by_code.items():
        value = given.get(code)
        if value is None or value == "" or value == []:
            if question.required:
                raise AnswerInvalid(_("Please answer this question."), field=f"answers.{code}")
            continue
        kept[code] = _checked(question, value)
    return kept


def _checked(question: Question, value: object) -> object:
    kinds = Question.Kind
    codes = [choice["code"] for choice in question.choices]
    if question.kind == kinds.MULTICHOICE and isinstance(value, list) and all(item in codes for item in value):
        return [code for code in codes if code in value]
    if question.kind == kinds.CHOICE and value in codes:
        return value
    if question.kind == kinds.NUMBER and (number := _number(value)) is not None:
        return number
    if question.kind == kinds.DATE and isinstance(value, str) and _is_date(value):
        return value
    if question.kind == kinds.TEXT and isinstance(value, str) and len(value) <= MAX_ANSWER_TEXT and "\x00" not in value:
        return value
    raise AnswerInvalid(field=f"answers.{question.code}")


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or abs(number) > 1e12:
        return None
    return int(number) if number.is_integer() else number


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
