"""The page, served by `trona up` at an address of its own: read-only, behind the same door as the Prefect server.

An address of its own is an origin of its own: whatever stands on the page cannot speak to the Prefect server with the
password that a browser keeps for it.
"""

import base64
import secrets
from pathlib import Path

from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser, SimpleUser
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from contracts.secret import Secret
from flows.service.web_guard import App, OwnPageOnly, Scope

_NOTHING_YET = "There is no page yet. The next run writes it; `trona page --out FOLDER` writes it now.\n"
_HEADERS = {
    # the page asks nobody for anything and is shown in no frame; its styles and scripts stand in it
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # asked for again each time, sent again only where it changed
}


class _PageFiles(StaticFiles):
    """Files of the folder, by GET and HEAD only, never from outside it and through no link out of it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with the headers of the page."""
        try:
            answer = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_first_page(path):
                raise
            answer = PlainTextResponse(_NOTHING_YET, status_code=404)
        answer.headers.update(_HEADERS)
        return answer


def _is_first_page(path: str) -> bool:
    return path in {".", "", "index.html"}


class _Password(AuthenticationBackend):
    """HTTP's own login with one name and password, `name:word`."""

    def __init__(self, password: Secret) -> None:
        self._password = password.reveal().encode()

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        scheme, _, given = conn.headers.get("Authorization", "").partition(" ")
        try:
            said = base64.b64decode(given, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            said = b""
        if not secrets.compare_digest(said, self._password):
            raise AuthenticationError
        return AuthCredentials(["read"]), SimpleUser("reader")


def build_page_app(folder: Path, own: tuple[str, ...], password: Secret, *, is_open: bool) -> App:
    """The ASGI application that shows `folder` to who has the `password`, at `own` addresses and no foreign page."""
    files = _PageFiles(directory=folder, html=True, check_dir=False, follow_symlink=False)
    login = Middleware(AuthenticationMiddleware, backend=_Password(password), on_error=_ask_for_password)
    return OwnPageOnly(Starlette(routes=[Mount("/", files)], middleware=[login]), own, is_open=is_open)


def _ask_for_password(_: HTTPConnection | Request, __: AuthenticationError) -> Response:
    asked = {"WWW-Authenticate": 'Basic realm="Trona", charset="UTF-8"'}
    return PlainTextResponse("This page asks for a password.\n", status_code=401, headers=asked)
