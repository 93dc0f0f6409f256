"""Bringing boundaries in: drafts of files, their checking in a child process, editions made of them."""
