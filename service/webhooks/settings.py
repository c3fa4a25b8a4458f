"""A webhook."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..setting_kinds import CameraName, EventKind, HttpUrl, Section, SigningSecret, Token


class Webhook(Section):
    """Who gets events, and how. There are none but those of the configuration."""

    url: HttpUrl
    """http:// or https://; redirects are not followed"""
    secret: SigningSecret
    """messages are signed with it: whsec_ and the base64 of 24 to 64 random bytes"""
    token: Token | None = None
    """sent along as Authorization: Bearer"""
    events: Annotated[tuple[EventKind, ...], Field(min_length=1)] = ("capture",)
    """which kinds"""
    cameras: tuple[CameraName, ...] = ()
    """of these cameras; without any: of all"""
    inline_crop: bool = False
    """carry the crop of a capture in the message, as base64"""
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10.0
    """for an answer, from connecting to its end"""
    give_up_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 72.0
    """an event that is older is not tried again"""
