"""The files that the pages load from this server: an allow-list, read once, served from memory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.pages.libraries import LIBRARY_FILES, Kind, installed_contents

ASSETS_PATH = "/assets/"
FOLDER = Path(__file__).parent
OWN_FILES = {
    "elements.js": Kind.SCRIPT.value,
    "email-verification.js": Kind.SCRIPT.value,
    "event-stream.js": Kind.SCRIPT.value,
    "graphiql.css": Kind.STYLE.value,
    "graphiql.js": Kind.SCRIPT.value,
    "icon.svg": "image/svg+xml",
    "invitation.css": Kind.STYLE.value,
    "invitation.js": Kind.SCRIPT.value,
    "offers.js": Kind.SCRIPT.value,
    "outbox.css": Kind.STYLE.value,
    "own.js": Kind.SCRIPT.value,
    "passkeys.js": Kind.SCRIPT.value,
    "password-reset.js": Kind.SCRIPT.value,
    "people.js": Kind.SCRIPT.value,
    "requests.js": Kind.SCRIPT.value,
    "second-factor.js": Kind.SCRIPT.value,
    "session.js": Kind.SCRIPT.value,
    "sessions.js": Kind.SCRIPT.value,
    "sign-in-steps.js": Kind.SCRIPT.value,
    "sign-in.js": Kind.SCRIPT.value,
    "tabs.js": Kind.SCRIPT.value,
    "views.js": Kind.SCRIPT.value,
}


@dataclass(frozen=True)
class Asset:
    """One file that may be fetched."""

    content: bytes
    media_type: str


def _read_own_files() -> tuple[str, dict[str, Asset]]:
    """The folder name that changes with any of the files, and the files by name."""
    files = {
        name: Asset((FOLDER / "static" / name).read_bytes(), media_type)
        for name, media_type in OWN_FILES.items()
    }
    digest = hashlib.sha256(b"\0".join(file.content for file in files.values())).hexdigest()
    return f"pages@{digest[:16]}", files


_own_version, _own_files = _read_own_files()
_library_contents = installed_contents(FOLDER / "node_modules")
_assets = {f"{_own_version}/{name}": file for name, file in _own_files.items()} | {
    file.location: Asset(_library_contents[file.location], file.kind.value)
    for file in LIBRARY_FILES
    if _library_contents is not None
}

libraries_are_installed = _library_contents is not None
"""Whether the npm packages are served from here."""


def own_address(name: str) -> str:
    """The path of one of the pages' own files, with its version in it."""
    return f"{ASSETS_PATH}{_own_version}/{name}"


async def _serve_asset(request: Request) -> Response:
    asset = _assets.get(request.path_params["path"])
    if asset is None:
        raise HTTPException(404)
    return Response(
        asset.content,
        media_type=asset.media_type,
        headers={
            # A path names a version, so what it answers never changes.
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


assets = Route(ASSETS_PATH + "{path:path}", _serve_asset, name="assets")
