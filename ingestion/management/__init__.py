"""What ingestion adds to the command line."""
