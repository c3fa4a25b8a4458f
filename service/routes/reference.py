"""The page `/docs`: the OpenAPI document as text that a browser shows, without scripts and foreign hosts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter()

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-top: 1px solid; padding-top: 1rem; margin-top: 2.5rem; overflow-wrap: anywhere; }
code, pre { font: 0.9em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid; border-radius: 0.4rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: 0.15rem 1.5rem 0.15rem 0; }
th, td { vertical-align: top; }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"


@router.get("/docs", include_in_schema=False)
async def reference(request: Request) -> Response:
    """Every call, its parameters, bodies and answers."""
    page = "".join(_page(request.app.openapi()))
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
    yield '<p>For programs: <a href="openapi.json">openapi.json</a>. '
    yield "Keys: <code>Authorization: Bearer KEY</code>.</p>"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(method, path, operation)
    yield "<h2>Shapes</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3><pre>{escape(json.dumps(schema, indent=2))}</pre>'
    yield "</body></html>"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    yield f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter</th><th>in</th><th></th></tr>"
        for parameter in parameters:
            text = parameter.get("description") or parameter.get("schema", {}).get("description", "")
            yield f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}</td>"
            yield f"<td>{escape(text)}</td></tr>"
        yield "</table>"
    if body := operation.get("requestBody"):
        yield f"<p>Body: {_content(body)} {escape(body.get('description', ''))}</p>"
    yield "<table><tr><th>answer</th><th></th><th></th></tr>"
    for status, answer in sorted(operation["responses"].items()):
        yield f"<tr><td>{status}</td><td>{escape(answer['description'])}</td><td>{_content(answer)}</td></tr>"
    yield "</table>"


def _content(part: Mapping[str, Any]) -> str:
    parts = []
    for kind, details in part.get("content", {}).items():
        name = details.get("schema", {}).get("$ref", "").rpartition("/")[2]
        link = f' <a href="#{escape(name)}">{escape(name)}</a>' if name else ""
        parts.append(f"<code>{escape(kind)}</code>{link}")
    return ", ".join(parts)
