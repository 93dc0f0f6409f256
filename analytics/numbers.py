"""Numbers in words of the page's language, rounded: Django's number_format() cuts off what does not fit, 0.99 becomes 0.9."""

from django.utils.formats import number_format


def rounded(value: float, decimals: int = 0) -> str:
    """With exactly so many decimals."""
    return number_format(round(value, decimals), decimals, use_l10n=True)
