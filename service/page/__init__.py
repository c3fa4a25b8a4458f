"""The live page and the report: two documents and their modules, served as they lie in `assets/`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..problems import Problem

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> _Asset:
        content = path.read_bytes()
        return cls(content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


_assets = {path.name: _Asset.read(path) for path in _ASSETS.iterdir() if path.suffix in _TYPES}


@router.get("/")
async def page(request: Request) -> Response:
    """The document."""
    return _answer(request, _assets["index.html"])


@router.get("/report")
async def report(request: Request) -> Response:
    """The report to print."""
    return _answer(request, _assets["report.html"])


@router.get("/page/{name}")
async def asset(request: Request, name: str) -> Response:
    """A module, a style sheet or the icon."""
    if name not in _assets:
        raise Problem(404, "not_found", "Not found", f"the page has no part {name!r}")
    return _answer(request, _assets[name])


def _answer(request: Request, asset: _Asset) -> Response:
    # Looked up again at every load, so that a page is never made of two versions.
    headers = {"Cache-Control": "no-cache", "ETag": asset.etag, "Content-Security-Policy": _POLICY}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
