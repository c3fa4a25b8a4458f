"""Which files a batch works on."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from facecap.batch.task import Version
from facecap.sources import SourceError, videos_in


def find_videos(sources: Iterable[str], listed: Iterable[str] = ()) -> list[str]:
    """The files that the sources name, as absolute paths, sorted, each once.

    Args:
        sources: files, folders (the videos in them and in their folders), or patterns such as
            `archive/**/*.mp4`, which are no name of a file.
        listed: more of them; of these one that names nothing is kept, to be named beside damaged files.

    Raises:
        SourceError: one of `sources` names nothing, or what is no file.
        OSError: a folder cannot be read.
    """
    files = [file for source in sources for file in _found(source)]
    for source in listed:
        try:
            files += _found(source)
        except SourceError:
            files.append(source)
    return sorted({os.path.abspath(file) for file in files})  # noqa: PTH100  (no link is followed)


def _found(source: str) -> list[str]:
    if not source:
        raise SourceError("a source has no name")
    if glob.has_magic(source) and "\0" not in source and not os.path.lexists(source):
        named = glob.glob(source, recursive=True)  # noqa: PTH207  (of absolute patterns too)
        files = [file for file in named if Path(file).is_file()]
        if not files:
            raise SourceError(f"{source}: no file has such a name")
        return files
    if Path(source).is_dir():
        return [str(file) for file in videos_in(Path(source))]
    Version.of(source)
    return [source]
