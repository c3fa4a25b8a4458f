"""A rule of alerts."""

from __future__ import annotations

from facecap import MaskAnswer

from ..setting_kinds import CameraName, Days, Hours, Limit, Section


class AlertRule(Section):
    """When an alert is raised. There are none but those of the configuration."""

    answers: tuple[MaskAnswer, ...] = ("no_mask",)
    """for a capture with one of these answers of the mask classifier; without any: for none"""
    offline: bool = False
    """for a camera that goes offline"""
    cameras: tuple[CameraName, ...] = ()
    """of these cameras; without any: of all"""
    hours: Hours = ()
    """at these hours of the site's time zone, such as 22:00-06:00; without any: the whole day"""
    days: Days = ()
    """on the days mon to sun on which the hours begin; without any: every day"""
    every_minutes: Limit = 5.0
    """at most one alert a camera in so many minutes; of a visit there is one anyway"""
