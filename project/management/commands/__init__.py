"""Commands of the project, one per file."""
