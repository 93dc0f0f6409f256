"""What a change means for a complaint's timing.

Every complaint is worked out anew from its events, so that a change seen twice, late or out of order ends in the same row.
"""

from collections.abc import Iterable

from django.db import connection

from complaints.undone import STANDS_SQL

_PLACE = """
INSERT INTO analytics_timing (complaint_id, paused_seconds, contested)
SELECT id, 0, 0 FROM complaints_complaint WHERE id = ANY(%(ids)s) ORDER BY id
ON CONFLICT (complaint_id) DO NOTHING RETURNING complaint_id
"""

_LOCK = """
SELECT complaint_id FROM analytics_timing WHERE complaint_id = ANY(%(ids)s) ORDER BY complaint_id FOR UPDATE
"""

# A deadline that was never moved is its own unpaused one. Else: what it was last moved to for another reason than a pause
# (reopening, another category), or what it was before the first pause moved it.
_WORK_OUT = f"""
WITH moved AS (
    SELECT complaint_id, data->>'deadline' AS deadline, data->>'cause' = 'resumed' AS by_pause,
        (data->>'old')::timestamptz AS old, (data->>'new')::timestamptz AS new, at, id
    FROM complaints_event e WHERE kind = 'deadline_changed' AND complaint_id = ANY(%(ids)s) AND {STANDS_SQL}
),
unpaused AS (
    SELECT complaint_id, deadline, coalesce(
        (array_agg(new ORDER BY at DESC, id DESC) FILTER (WHERE NOT by_pause))[1],
        (array_agg(old ORDER BY at, id) FILTER (WHERE by_pause))[1]) AS due
    FROM moved GROUP BY complaint_id, deadline
),
steps AS (
    SELECT complaint_id, to_state, at, lead(at) OVER (PARTITION BY complaint_id ORDER BY at, id) AS next_at
    FROM complaints_event e WHERE kind = 'state_changed' AND complaint_id = ANY(%(ids)s) AND {STANDS_SQL}
),
contests AS (
    SELECT complaint_id, count(*)::smallint AS times FROM complaints_event
    WHERE kind = 'state_changed' AND to_state = 'reopened' AND actor_role = 'reporter' AND complaint_id = ANY(%(ids)s)
    GROUP BY complaint_id
),
pauses AS (
    SELECT complaint_id, sum(extract(epoch FROM next_at - at))::bigint AS seconds
    FROM steps WHERE to_state = 'waiting_reporter' AND next_at IS NOT NULL GROUP BY complaint_id
)
UPDATE analytics_timing t SET
    answer_due_unpaused = coalesce(answer.due, c.answer_due_at),
    resolution_due_unpaused = coalesce(resolution.due, c.resolution_due_at),
    paused_seconds = coalesce(pauses.seconds, 0),
    contested = coalesce(contests.times, 0)
FROM complaints_complaint c
LEFT JOIN unpaused answer ON answer.complaint_id = c.id AND answer.deadline = 'answer'
LEFT JOIN unpaused resolution ON resolution.complaint_id = c.id AND resolution.deadline = 'resolution'
LEFT JOIN pauses ON pauses.complaint_id = c.id
LEFT JOIN contests ON contests.complaint_id = c.id
WHERE c.id = t.complaint_id AND t.complaint_id = ANY(%(ids)s)
  AND (t.answer_due_unpaused, t.resolution_due_unpaused, t.paused_seconds, t.contested) IS DISTINCT FROM
    (coalesce(answer.due, c.answer_due_at), coalesce(resolution.due, c.resolution_due_at), coalesce(pauses.seconds, 0),
    coalesce(contests.times, 0))
RETURNING t.complaint_id
"""  # noqa: S608 (a constant of ours)


def work_out(complaint_ids: Iterable[int]) -> set[int]:
    """Write the timing of these complaints; returns those that had another one before. Inside a transaction.

    The rows are locked first, by a statement of their own: of two workers the later one then reads the later history.
    """
    values = {"ids": sorted(complaint_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, values)
        new = {pk for (pk,) in cursor.fetchall()}
        cursor.execute(_LOCK, values)
        cursor.execute(_WORK_OUT, values)
        return {pk for (pk,) in cursor.fetchall()} - new
