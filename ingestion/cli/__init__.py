"""Verbs that ingestion adds to `manage.py jobs`; management/plugins/jobs.py brings them in."""
