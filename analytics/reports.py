from datetime import datetime


def make_due_reports(*, now: datetime) -> int:
    return 0


def remove_old_reports(*, now: datetime) -> int:
    return 0
