"""The administrators' pages about boundaries: what is in force, files on their way, editions and what they change."""
