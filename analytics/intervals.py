"""How sure a share is: what it may be, where chance alone could have made it."""

from math import sqrt

# 95 of 100 such intervals hold the true share.
_Z = 1.96


def share_interval(part: int, of: int) -> tuple[float, float] | None:
    """Wilson's interval of a share, in percent; None of nothing."""
    if of <= 0:
        return None
    share, spread = part / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, 100 * (middle - half)), min(100.0, 100 * (middle + half))
