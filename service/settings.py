"""Everything that can be set, in sections; a TOML file, the environment and flags say the same names.

`[server] port = 80` in the file is FACECAP_SERVER_PORT=80 and --server-port 80; a flag wins over the
environment, the environment over the file. Unknown names are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Section(BaseModel):
    """A table of the file; unknown keys are refused. A field's docstring is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Server(Section):
    """Where the service listens."""

    host: str = "127.0.0.1"
    """Address to listen at; without keys it must be a loopback address."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """TCP port; 0 takes a free one."""


class Store(Section):
    """Where captures are kept."""

    url: str = "sqlite:///facecap.db"
    """Database: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME."""
    folder: Path = Path("crops")
    """Folder of the crops."""


class Retention(Section):
    """How long captures are kept."""


class Webhooks(Section):
    """Who is told of captures."""


class Page(Section):
    """The live page."""


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix="FACECAP_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    server: Server = Server()
    store: Store = Store()
    retention: Retention = Retention()
    webhooks: Webhooks = Webhooks()
    page: Page = Page()
