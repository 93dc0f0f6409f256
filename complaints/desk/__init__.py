"""The desk's list: a person's complaints by time left, found, counted and paged as far as she may read.

scope.py     whose complaints, in which city          orders.py   in which order, and where a page goes on
finding.py   what somebody typed                      queue.py    the pages of the list
counts.py    how many there are of what               places.py   where they lie
"""
