"""Work on what strangers send, done in a child process with limits. Knows nothing of the city."""
