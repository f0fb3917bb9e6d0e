"""Flower reads this where it is started: whoever sees it can stop jobs, so that it never serves without a login."""

from tornado.options import options

from project.environment import Environment

# By itself it would read the environment only, where the other processes read files of settings, too.
options.basic_auth = [login for login in options.basic_auth or [Environment().flower_basic_auth] if login]
if not options.basic_auth and not options.auth:
    raise SystemExit("Flower needs a login: set FLOWER_BASIC_AUTH to user:password.")
