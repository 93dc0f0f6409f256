"""What the child found, in sentences of the current language."""
