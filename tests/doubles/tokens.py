"""An OAuth token endpoint: gives out access tokens that end, and says no to a refresh token that was withdrawn."""

from __future__ import annotations

from tests.doubles.server import Reply, Request

ADDRESS, REFRESH = "anna@x.org", "refresh-314159"


class Tokens:
    """What a double knows of tokens."""

    def __init__(self) -> None:
        self.given = 0
        self.good: set[str] = set()
        self.is_withdrawn = False

    def reply(self, request: Request) -> Reply:
        """Answer a request for a token."""
        asked = request.form
        if asked.get("grant_type") != "refresh_token" or asked.get("client_id") != "client":
            return Reply(401, {"error": "invalid_client"})
        if self.is_withdrawn or asked.get("refresh_token") != REFRESH:
            return Reply(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
        self.given += 1
        token = f"access-{self.given}"
        self.good = {token}
        return Reply(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def lets_in(self, request: Request) -> bool:
        """Whether the request carries a good token."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.good

    def end(self) -> None:
        """Let the tokens given out so far be good no more."""
        self.good = set()
