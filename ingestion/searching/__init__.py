"""Search over mail and calendars: by words, which the database indexes, and by meaning, which an embedder finds."""
