"""Connections that clients cannot keep for nothing: what uvicorn speaks, under limits of time and memory."""
