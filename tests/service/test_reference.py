"""The page on the calls, for people."""

from __future__ import annotations

import re

from served import Served


def test_every_call_is_on_a_page_that_needs_nobody_else(service: Served) -> None:
    page = service.client.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    document = service.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    assert "<script" not in page.text and "//" not in re.sub(r"<pre>.*?</pre>", "", page.text, flags=re.S)
    for name in re.findall(r'href="#([^"]+)"', page.text):
        assert f'id="{name}"' in page.text
    assert "unsafe" not in page.headers["content-security-policy"]


def test_every_reference_of_the_document_leads_somewhere(service: Served) -> None:
    text = service.client.get("/openapi.json").text
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert names <= service.client.get("/openapi.json").json()["components"]["schemas"].keys()
    assert {"ProblemDocument", "FrameAnswer", "PushedCapture"} <= names
