"""Counts of complaints by square, district, category and time, kept from the feed of changes; see docs/adr/0022."""
