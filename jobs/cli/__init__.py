"""What the verbs of `manage.py jobs` share: reading arguments, printing, exit codes."""
