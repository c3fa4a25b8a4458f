"""Limits of a frame."""

from __future__ import annotations

from ..setting_kinds import Count, Seconds, Section


class Frames(Section):
    """What a frame may measure, checked before it is decoded."""

    max_bytes: Count = 8 * 1024 * 1024
    """of an encoded frame"""
    max_pixels: Count = 4096 * 4096
    """width times height"""
    receive_seconds: Seconds = 30.0
    """how long the body of a request, or a message of a stream, may take to arrive"""
    max_waiting_bytes: Count = 256 * 1024 * 1024
    """of all that is being received or waits; beyond it 429, and streams are closed with 1013"""
