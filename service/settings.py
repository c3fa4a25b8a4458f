"""Everything that can be set, in sections, of which the small ones stand here.

A TOML file, the environment and flags say the same names: `[server] port = 80` in the file is
FACECAP_SERVER_PORT=80 and --server-port 80. A flag wins over the environment, the environment over the file.
Unknown names are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .alerts.settings import AlertRule
from .camera_settings import Cameras, Puller
from .capture_settings import Capture
from .cluster.settings import Cluster
from .frames.settings import Frames
from .keys import ApiKey
from .mqtt.settings import Mqtt
from .pipeline_settings import Pipeline
from .server_settings import Server
from .setting_kinds import CameraName, Count, Section
from .store_settings import Replay, Retention, Store
from .time_zone import TimeZone, machine_zone
from .webhooks.settings import Webhook


class Site(Section):
    """The place that is watched."""

    name: Annotated[str, Field(max_length=100)] = ""
    """shown on the page and on reports"""
    time_zone: TimeZone | None = None
    """IANA name such as Europe/Berlin: where hours and days begin; the machine's when not given"""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone or machine_zone())


class Events(Section):
    """Streams of events."""

    max_streams: Count = 100
    """clients that follow the events at once"""
    keep_alive_seconds: Annotated[float, Field(gt=0, le=30)] = 15.0
    """after so long without an event something is sent, so that nobody takes the connection for dead; 30 at
    most, as the page waits for 45"""


class Page(Section):
    """The live page."""

    show_frames: bool = False
    """keep each camera's last frame in memory and show it to keys with the scope read"""


class Access(Section):
    """How much a key may ask for."""

    requests_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """of one key, messages of a stream included; beyond it 429. 0: no limit"""
    burst: Count = 50
    """requests that a key may make at once after a rest"""


class Logs(Section):
    """What is written to standard error, a JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """least severity; frames that were answered with 200 are logged at debug"""


def _named_once(api_keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
    names = [key.name for key in api_keys]
    if len(set(names)) < len(names):
        raise ValueError(f"wanted a name of its own for each key, found {', '.join(sorted(names))}")
    return api_keys


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix="FACECAP_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given and nothing else: `configuration.load` puts the sources together."""
        return (init_settings,)

    server: Server = Server()
    frames: Frames = Frames()
    capture: Capture = Capture()
    cameras: Cameras = Cameras()
    pipeline: Pipeline = Pipeline()
    site: Site = Site()
    store: Store = Store()
    retention: Retention = Retention()
    replay: Replay = Replay()
    cluster: Cluster = Cluster()
    events: Events = Events()
    page: Page = Page()
    access: Access = Access()
    logs: Logs = Logs()
    mqtt: Mqtt = Mqtt()
    keys: Annotated[tuple[ApiKey, ...], AfterValidator(_named_once)] = ()
    """API keys, hashed: `facecap serve --new-key NAME --scopes push,read` prints one"""
    pullers: dict[CameraName, Puller] = {}
    """cameras that the service reads by itself, by name"""
    webhooks: dict[CameraName, Webhook] = {}
    """who gets events, by name"""
    alerts: dict[CameraName, AlertRule] = {}
    """rules by which alerts are raised, by name"""

    @field_validator("cameras")
    @classmethod
    def _fit(cls, cameras: Cameras, others: ValidationInfo) -> Cameras:
        capture: Capture | None = others.data.get("capture")
        if capture is None:
            return cameras
        for name, camera in cameras.named.items():
            try:
                capture.config(camera.capture)
            except ValueError as error:
                raise ValueError(f"{name}.capture: {error}") from None
        return cameras

    @field_validator("cluster")
    @classmethod
    def _fits_all_nodes(cls, cluster: Cluster, others: ValidationInfo) -> Cluster:
        store: Store | None = others.data.get("store")
        replay: Replay | None = others.data.get("replay")
        if store is not None and replay is not None:
            cluster.check(store.url, store.crops == "database", replay.frames)
        return cluster

    @field_validator("pullers")
    @classmethod
    def _have_places(cls, pullers: dict[str, Puller], others: ValidationInfo) -> dict[str, Puller]:
        cameras: Cameras | None = others.data.get("cameras")
        if cameras is not None and len(pullers) > cameras.max_cameras:
            raise ValueError(
                f"there are {len(pullers)}, and cameras.max_cameras is {cameras.max_cameras}: raise it to at "
                f"least {len(pullers)}, and by one for each camera that pushes"
            )
        return pullers
