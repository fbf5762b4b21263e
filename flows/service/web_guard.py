"""The door of the Prefect server: what was sent by a page of another origin, or to another name, is not answered.

A page anywhere can make a browser send requests to this machine; a name that its owner points at this machine makes
them look local. Neither can forge the headers Origin and Host.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from flows.service.access import is_own_address

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class OwnPageOnly:
    """An ASGI application that passes on only requests to `own` addresses that no foreign page has sent."""

    def __init__(self, app: App, own: tuple[str, ...], *, is_open: bool = False) -> None:
        self._app, self._own, self._is_open = app, own, is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403."""
        refusal = self.find_refusal(scope) if scope["type"] in {"http", "websocket"} else ""
        if not refusal:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send, refusal)

    def find_refusal(self, scope: Scope) -> str:
        """Why a request is refused; empty if it is not."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if not is_own_address(host, self._own, is_open=self._is_open):
            return "this server does not answer under that name; name it in the setting page_names"
        if origin is not None and urlsplit(origin).netloc not in {host, *self._own}:
            return "this server does not answer pages of another origin"
        return ""


async def _refuse(send: Send, why: str) -> None:
    body = f"{why}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
