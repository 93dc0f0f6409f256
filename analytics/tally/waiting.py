"""What has changed since the counts were last kept: these complaints are looked at one by one."""

from datetime import datetime
from typing import Any

# With more of them (after an outage) the complaints are counted, however long that takes.
MOST = 5_000


def waiting_sql(now: datetime, most: int) -> tuple[str, dict[str, Any]]:
    """SQL of complaint ids, at most one more than `most`: those with feed items, and those that became late meanwhile."""
    sql = """
    SELECT complaint_id FROM (SELECT complaint_id FROM complaints_feeditem WHERE queue_state = 'due' LIMIT %(most)s + 1) due
    UNION SELECT complaint_id FROM (SELECT complaint_id FROM analytics_counted WHERE late_at < %(now)s LIMIT %(most)s + 1) late
    """
    return sql, {"now": now, "most": most}
