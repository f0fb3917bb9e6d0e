"""A provider that asks its user for consent: codes count once, the verifier, the secret and the address are checked."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

from tests.doubles.server import Double, Reply, Request
from tests.doubles.tokens import ADDRESS, REFRESH, Tokens

SECRET = "client-secret-271828"


class ConsentScreen(Double):
    """A user who is logged in as ADDRESS and says yes at once, unless told otherwise."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.tokens = Tokens()
        self.redirect_uri = ""
        """The one registered; "": that of the first question."""
        self.says_no = False
        self.unticked = ""
        """A scope the user leaves out."""
        self.withholds = False
        """It gives no refresh token, as Google for a user who consented before."""
        self.changes: dict[str, Any] = {}
        """Claims of the ID token that are other than they should be."""
        self._asked: dict[str, dict[str, str]] = {}
        super().__init__(self._reply)

    @property
    def base_url(self) -> str:
        """What stands in place of the provider's address; it has nothing but consents."""
        return self.url

    def _reply(self, request: Request) -> Reply:
        if request.path == "/authorize":
            return self._ask(request.query)
        if request.path != "/token":
            return Reply(404)
        if request.form.get("grant_type") != "authorization_code":
            return self.tokens.reply(request)
        return self._exchange(request.form)

    def _ask(self, asked: dict[str, str]) -> Reply:
        self.redirect_uri = self.redirect_uri or asked.get("redirect_uri", "")
        is_whole = all(asked.get(name) for name in ("state", "nonce", "code_challenge"))
        if asked.get("client_id") != "client" or asked.get("redirect_uri") != self.redirect_uri or not is_whole:
            return Reply(400, b"Error 400: redirect_uri_mismatch")
        if asked["code_challenge_method"] != "S256" or "openid" not in asked["scope"].split():
            return Reply(400, b"Error 400: invalid_request")
        code = secrets.token_urlsafe(16)
        self._asked[code] = asked
        given = {"error": "access_denied"} if self.says_no else {"code": code}
        location = f"{self.redirect_uri}?{urlencode({**given, 'state': asked['state']})}"
        return Reply(302, b"", {"Location": location})

    def _exchange(self, form: dict[str, str]) -> Reply:
        if (form.get("client_id"), form.get("client_secret")) != ("client", SECRET):
            return Reply(401, {"error": "invalid_client"})
        asked = self._asked.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or form.get("redirect_uri") != self.redirect_uri:
            return Reply(400, {"error": "invalid_grant"})
        scope = " ".join(one for one in asked["scope"].split() if one != self.unticked)
        lasting = asked.get("access_type") == "offline" or "offline_access" in scope.split()
        refresh = {"refresh_token": REFRESH} if lasting and not self.withholds else {}
        claims = {"aud": "client", "nonce": asked["nonce"], "email": ADDRESS, "preferred_username": ADDRESS}
        token = ".".join(_part(each) for each in ({"alg": "none"}, {**claims, **self.changes}, {}))
        self.tokens.given += 1
        access = {"access_token": f"access-{self.tokens.given}", "expires_in": 3600, "token_type": "Bearer"}
        return Reply(200, {**access, **refresh, "scope": scope, "id_token": token})


def _part(values: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()
