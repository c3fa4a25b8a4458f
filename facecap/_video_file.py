"""Names of video files as OpenCV's ffmpeg takes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facecap.errors import FacecapError


@contextmanager
def video_name(path: Path) -> Iterator[str]:
    """A name by which OpenCV opens this file, for reading or writing; it holds while the file is opened.

    It is absolute, since in a relative name ffmpeg takes what stands before a colon for a protocol. In the
    place of one that is not UTF-8, which ends the interpreter inside OpenCV, stands a link to it.

    Raises:
        FacecapError: no such name can be had.
    """
    name = os.path.abspath(path)  # noqa: PTH100  (no link is followed: the suffix says the format)
    if _is_utf8(name):
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="facecap-") as folder:
        link = Path(folder) / f"video{path.suffix if _is_utf8(path.suffix) else ''}"
        if not _is_utf8(str(link)):
            raise FacecapError(
                f"{path}: OpenCV takes no name that is not UTF-8: rename it, or let TMPDIR name a folder of "
                "such a name"
            )
        link.symlink_to(name)
        yield str(link)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
