"""Settings of a cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..setting_kinds import Section


class Cluster(Section):
    """Cameras as actors of a Ray cluster."""

    address: str | None = None
    """of a Ray cluster: HOST:PORT, or auto for the one that this machine is a node of; without it all cameras
    are at work in this process"""
    namespace: Annotated[str, Field(min_length=1)] = "facecap"
    """of the actors: services of one address and namespace that have the same settings share them"""
    actors: Annotated[int, Field(ge=0)] = 0
    """processes that the cameras share, which saves memory; 0: one for each camera"""
    cpus: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.25
    """share of a processor that Ray keeps for an actor where it places it"""

    def check(self, url: str, crops_in_database: bool, records: bool) -> None:
        """Refuse to keep on one node what others need: a camera may be on any.

        Raises:
            ValueError: that would be so; it names the setting.
        """
        if self.address is None:
            return
        if not url.startswith("postgresql"):
            raise ValueError(
                "store.url must be postgresql+psycopg://…: SQLite is a file, which other nodes do not have"
            )
        if not crops_in_database:
            raise ValueError('store.crops must be "database": other nodes do not have the folder of crops')
        if records:
            raise ValueError("replay.frames must be false: recordings would lie on one node of many")
