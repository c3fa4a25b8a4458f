"""Everything that can be set, in sections; a TOML file, the environment and flags say the same names.

`[server] port = 80` in the file is FACECAP_SERVER_PORT=80 and --server-port 80; a flag wins over the
environment, the environment over the file. Unknown names are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .alerts.settings import AlertRule
from .camera_settings import Cameras
from .capture_settings import Capture
from .keys import ApiKey
from .mqtt.settings import Mqtt
from .setting_kinds import (
    CameraName,
    Count,
    EventKind,
    HttpUrl,
    Limit,
    Names,
    Seconds,
    Section,
    SigningSecret,
    Size,
    Token,
)
from .time_zone import TimeZone, machine_zone


class Server(Section):
    """Where the service listens and whom it believes."""

    host: str = "127.0.0.1"
    """address to listen at; without keys it must be a loopback address"""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """TCP port; 0 takes a free one"""
    hosts: Names = ()
    """names that the Host header may have, besides those of this machine; without any: these alone where
    there are no keys, else all"""
    trusted_proxies: Names = ()
    """addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"""
    root_path: str = ""
    """path under which a reverse proxy shows the service, such as /faces"""
    tls_certificate: Path | None = None
    """PEM file; with tls_key the service speaks HTTPS"""
    tls_key: Path | None = None
    """PEM file of the certificate's key"""
    drain_seconds: Seconds = 30.0
    """how long a shutdown waits for requests that are under way, and again for a store that fails"""
    max_connections: Count = 1000
    """connections at once; beyond it 503"""
    head_seconds: Seconds = 10.0
    """how long a client may take to send the head of a request"""
    keep_alive_seconds: Annotated[int, Field(ge=1)] = 30
    """how long an idle connection is kept"""
    public_url: HttpUrl | None = None
    """under which others reach the service; with it webhooks get whole addresses of crops, not paths"""


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


class Pipeline(Section):
    """Which models, and how they run."""

    detector: str | None = None
    """a file or a name of `facecap models list`"""
    classifier: str | None = None
    """mask classifier: a file or a name"""
    refiner: str | None = None
    """second look at a face before its shot is kept: a file, a name, or none; the one that ships"""
    embedder: str | None = None
    """a file or a name; with one, a person is not captured again on a new track"""
    input_size: Size = None
    """width and height of the detector's input in pixels"""
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """least score of a face"""
    provider: str = "cpu"
    """what computes the networks: cpu, cuda, openvino or coreml, where the installed onnxruntime has it"""
    precision: str = "float32"
    """of the detector: float32, or int8 for the file beside it; faster where docs/devices.md says so"""
    threads: Count = 1
    """of one network; cameras run side by side anyway"""
    slots: Count = 10
    """tracks of one camera that may hold a shot"""


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


class Store(Section):
    """Where captures are kept."""

    url: str = "sqlite:///facecap.db"
    """Database: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"""
    folder: Path = Path("crops")
    """folder of the crops"""
    crops: Literal["folder", "database"] = "folder"
    """where new crops go: into the folder, or the database where that is PostgreSQL; those in the other place
    stay to be seen"""


class Retention(Section):
    """How long captures are kept."""

    max_days: Limit = 30.0
    """captures that came longer ago are removed; 0: no limit"""
    max_bytes: Annotated[int, Field(ge=0)] = 0
    """of all crops together; beyond it the oldest captures are removed. 0: no limit"""
    events_max_days: Limit = 7.0
    """events that are older are removed: so long a client or a webhook may be away; 0: no limit"""
    audit_max_days: Limit = 365.0
    """entries of the audit log that are older are removed; 0: no limit"""
    interval_seconds: Seconds = 600.0
    """between two looks at what is to be removed"""
    grace_seconds: Seconds = 3600.0
    """a file that belongs to no capture, as a crash may leave one, is left alone for so long"""


class Replay(Section):
    """What is kept of every frame, to try other settings on."""

    frames: bool = False
    """keep boxes, points and scores of all faces of all frames, never pixels: POST /v1/replay needs them"""
    keep_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 24.0
    """what came longer ago is removed"""
    max_bytes: Annotated[int, Field(ge=1024 * 1024)] = 512 * 1024 * 1024
    """of all of it; beyond it the oldest is removed"""


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


class Puller(Section):
    """A camera that the service reads by itself."""

    url: Annotated[str, Field(pattern=r"^(rtsp|rtsps|http|https)://")]
    """rtsp://… or http://… (Motion JPEG)"""


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
