"""Hot spots: squares where more is complained about than chance explains, and whether that begins, stays or ends."""
