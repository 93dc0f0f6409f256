"""What goes wrong when a message is handed on, whatever the channel."""

from dataclasses import dataclass


@dataclass
class Trouble(Exception):
    """A message that did not leave. `permanent`: it never will. `server`: the server is at fault, so is every message."""

    text: str
    permanent: bool = False
    server: bool = False
