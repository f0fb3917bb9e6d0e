"""Flower reads this where it is started: whoever sees it can stop jobs, so that it never serves without a login."""

from tornado.options import options

if not any(options.basic_auth or []) and not options.auth:
    raise SystemExit("Flower needs a login: set FLOWER_BASIC_AUTH to user:password.")
