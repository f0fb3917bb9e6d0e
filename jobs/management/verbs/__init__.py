"""The verbs of `manage.py jobs`, by what they are about; the plain ones are in commands/jobs.py."""
