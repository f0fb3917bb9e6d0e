"""A second factor for logins: a code of an authenticator app (TOTP, RFC 6238), or one of ten recovery codes."""
