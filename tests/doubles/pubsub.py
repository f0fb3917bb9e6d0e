"""Google's Pub/Sub as a pusher: publishes its keys, signs each push for our hook, counts what is acknowledged."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles.server import Double, Reply, Request

ACCOUNT = "push@project.iam.gserviceaccount.com"


class PubSub(Double):
    """A push subscription of one service account; `rotate` changes the key it signs with."""

    def __init__(self, *, audience: str) -> None:
        self.audience = audience
        self._number = 0
        self._key = self._made()
        super().__init__(self._reply)

    def rotate(self) -> None:
        """Sign with another key from now on, and publish only that."""
        self._key = self._made()

    def claims(self) -> dict[str, Any]:
        """Return what a good token says."""
        now = int(time.time())
        whose = {"email": ACCOUNT, "email_verified": True, "sub": "1"}
        return {"iss": "https://accounts.google.com", "aud": self.audience, "iat": now, "exp": now + 3600, **whose}

    def token(self, *, key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        """Return a token; a change to None leaves a claim out."""
        said = {name: value for name, value in {**self.claims(), **changes}.items() if value is not None}
        return jwt.encode(said, key or self._key, algorithm="RS256", headers={"kid": f"key-{self._number}"})

    def push(self, hook: str, *, token: str | None = None, data: Any = None, body: Any = None) -> int:
        """Push a notice and return the status; Pub/Sub sends again what isn't answered by 2xx."""
        message = {"data": b64encode(json.dumps(data).encode()).decode(), "messageId": "1"}
        headers = {"Authorization": f"Bearer {self.token() if token is None else token}"}
        sent = {"message": message, "subscription": "projects/p/subscriptions/s"} if body is None else body
        return httpx2.post(hook, json=sent, headers=headers, timeout=30).status_code

    def _made(self) -> rsa.RSAPrivateKey:
        self._number += 1
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def _reply(self, request: Request) -> Reply:
        if request.path != "/certs":
            return Reply(404, {})
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return Reply(200, {"keys": [{**public, "kid": f"key-{self._number}", "alg": "RS256", "use": "sig"}]})
