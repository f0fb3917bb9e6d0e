"""Commands of ingestion beside the jobs command line."""
