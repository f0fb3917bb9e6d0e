"""Pages of ingestion outside the admin."""
