"""English: ISO 8601 dates, 24 hours."""
