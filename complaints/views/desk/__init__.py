"""The desk's pages: the list (`pages`, `listing`), one complaint and what is done to it (`case`), the moderator's queue."""
