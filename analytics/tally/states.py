"""The states in the order in which the counts number them. Only ever added to at the end: the numbers are stored."""

from complaints.workflow import OPEN_STATES, State

STATES: tuple[str, ...] = (
    "received", "accepted", "in_progress", "waiting_reporter", "reopened", "resolved", "confirmed", "rejected",
    "out_of_scope", "withdrawn",
)  # fmt: skip
assert set(STATES) == set(State.values)
OPEN = tuple(state for state in STATES if state in OPEN_STATES)


def state_numbers(states: frozenset[str]) -> list[int]:
    return [number for number, state in enumerate(STATES) if state in states]
