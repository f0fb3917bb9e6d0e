"""A Threema gateway that takes registration tokens: lists them by pages, forgets those that are settled."""

from __future__ import annotations

from tests.doubles.server import Double, Reply, Request

KEY = "gateway-key-2718"
PAGE = 2


class ThreemaGateway(Double):
    """`came_in` holds (token, threema_id) by id, oldest first; `settled` what was said of each."""

    def __init__(self) -> None:
        self.came_in: dict[str, tuple[str, str]] = {}
        self.settled: dict[str, str] = {}
        self.broken: set[str] = set()
        super().__init__(self._reply)

    def receive(self, token: str, threema_id: str = "ABCD1234") -> str:
        """Take in a token that somebody sent; returns its id."""
        number = str(len(self.came_in) + 1)
        self.came_in[number] = (token, threema_id)
        return number

    def _reply(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, {"error": "unauthorized"})
        if request.method == "GET" and request.path == "/v1/registrations" and request.query["state"] == "pending":
            return self._listing(int(request.query.get("cursor", "0")))
        number = request.path.removeprefix("/v1/registrations/")
        if request.method != "POST" or number not in self.came_in:
            return Reply(404, {"error": "not found"})
        if number in self.broken:
            return Reply(503, {"error": "busy"}, {"Retry-After": "7"})
        if number in self.settled:
            return Reply(409, {"error": "settled"})
        self.settled[number] = request.json["result"]
        return Reply(204, b"")

    def _listing(self, behind: int) -> Reply:
        waiting = [number for number in self.came_in if number not in self.settled and int(number) > behind]
        rows = [
            {"id": number, "token": self.came_in[number][0], "threema_id": self.came_in[number][1]}
            for number in waiting[:PAGE]
        ]
        return Reply(200, {"registrations": rows, "next": waiting[PAGE - 1] if len(waiting) > PAGE else None})
