"""Everything that can be set, in sections; a TOML file, the environment and flags say the same names.

`[server] port = 80` in the file is FACECAP_SERVER_PORT=80 and --server-port 80; a flag wins over the
environment, the environment over the file. Unknown names are refused.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from facecap import CaptureConfig

from .keys import ApiKey

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
CAMERA_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
CameraName = Annotated[str, Field(pattern=f"^{CAMERA_NAME}$")]
"""1 to 64 letters, digits, dots, hyphens and underscores; the first a letter or a digit."""


class Section(BaseModel):
    """A table of the file; unknown keys are refused. A field's docstring is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Server(Section):
    """Where the service listens and whom it believes."""

    host: str = "127.0.0.1"
    """address to listen at; without keys it must be a loopback address"""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """TCP port; 0 takes a free one"""
    hosts: tuple[str, ...] = ()
    """names that the Host header may have; without any: loopback names where the service listens at a
    loopback address, else all"""
    trusted_proxies: tuple[str, ...] = ()
    """addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"""
    root_path: str = ""
    """path under which a reverse proxy shows the service, such as /faces"""
    tls_certificate: Path | None = None
    """PEM file; with tls_key the service speaks HTTPS"""
    tls_key: Path | None = None
    """PEM file of the certificate's key"""
    drain_seconds: Seconds = 30.0
    """how long a shutdown waits for requests that are under way"""
    keep_alive_seconds: Annotated[int, Field(ge=1)] = 30
    """how long an idle connection is kept"""


class Frames(Section):
    """What a frame may measure, checked before it is decoded."""

    max_bytes: Count = 8 * 1024 * 1024
    """of an encoded frame"""
    max_pixels: Count = 4096 * 4096
    """width times height"""
    receive_seconds: Seconds = 30.0
    """how long the body of a request may take to arrive"""
    max_waiting_bytes: Count = 256 * 1024 * 1024
    """of all frames that are being received or wait; beyond it frames are refused with 429"""


class Cameras(Section):
    """How many cameras, and what each may leave waiting."""

    max_cameras: Count = 64
    """cameras at once"""
    queue: Count = 8
    """frames of one camera that may wait, the one at work included; beyond it 429"""
    idle_seconds: Seconds = 300.0
    """a camera without a frame for so long is forgotten; its pending captures are stored"""
    threads: Annotated[int, Field(ge=0)] = 0
    """that work on frames; 0: one a core"""
    detect_queue: Count = 16
    """single pictures of /v1/detect that may wait"""


class Pipeline(Section):
    """Which models, and how they run."""

    detector: str | None = None
    """a file or a name of `facecap models list`"""
    classifier: str | None = None
    """mask classifier: a file or a name"""
    embedder: str | None = None
    """a file or a name; with one, a person is not captured again on a new track"""
    input_size: tuple[Count, Count] | None = None
    """width and height of the detector's input in pixels"""
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """least score of a face"""
    threads: Count = 1
    """of one network; cameras run side by side anyway"""
    slots: Count = 10
    """tracks of one camera that may hold a shot"""


def _capture_fields() -> dict[str, Any]:
    kinds = get_type_hints(CaptureConfig)
    return {field.name: (kinds[field.name], field.default) for field in fields(CaptureConfig)}


class CaptureSection(Section):
    """What `Capture` adds to its fields."""

    @model_validator(mode="after")
    def _check(self) -> CaptureSection:
        self.config()
        return self

    def config(self) -> CaptureConfig:
        """As `facecap` takes it."""
        return CaptureConfig(**self.model_dump())


if TYPE_CHECKING:
    Capture = CaptureSection
else:
    Capture = create_model(
        "Capture",
        __base__=CaptureSection,
        __doc__="When a shot is kept and given out; the keys of facecap.CaptureConfig.",
        **_capture_fields(),
    )


class Store(Section):
    """Where captures are kept."""

    url: str = "sqlite:///facecap.db"
    """Database: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"""
    folder: Path = Path("crops")
    """folder of the crops"""


class Retention(Section):
    """How long captures are kept."""


class Webhooks(Section):
    """Who is told of captures."""


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
    """least severity; frames that were answered with 200 are told at debug"""


class Puller(Section):
    """A camera that the service reads by itself."""

    url: Annotated[str, Field(pattern=r"^(rtsp|rtsps|http|https)://")]
    """rtsp://… or http://… (Motion JPEG)"""


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
    cameras: Cameras = Cameras()
    pipeline: Pipeline = Pipeline()
    capture: Capture = Capture()
    store: Store = Store()
    retention: Retention = Retention()
    webhooks: Webhooks = Webhooks()
    page: Page = Page()
    access: Access = Access()
    logs: Logs = Logs()
    keys: tuple[ApiKey, ...] = ()
    """API keys, hashed: `facecap serve --new-key NAME --scopes push,read` prints one"""
    pullers: dict[CameraName, Puller] = {}
    """cameras that the service reads by itself, by name"""
