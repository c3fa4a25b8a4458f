"""Connections that clients cannot keep for nothing: what uvicorn speaks, under limits of time and memory.

uvicorn takes protocol classes and promises nothing of its own. So pyproject.toml bounds its version, and
those of websockets and httptools, from above; `tests/service/test_protocol_names.py` names what is relied on.
"""
