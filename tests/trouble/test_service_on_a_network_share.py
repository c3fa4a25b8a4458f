"""Folders whose file system does not sync them: captures are stored all the same, and it is said once."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from captures import new

from facecap_service.store import CaptureQuery, Store, StoreError


def answer(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let every fsync of a folder fail with an error number."""
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_captures_are_kept_in_a_folder_that_cannot_be_synced(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer(monkeypatch, number)
    store = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    for _ in range(5):
        store.add("door", [new(), new()])
    store.ready()
    assert len(store.captures(CaptureQuery(limit=100)).captures) == 10
    store.close()
    said = [record.message for record in caplog.records if "cannot sync folders" in record.message]
    assert len(said) == 1 and str(tmp_path) in said[0] and os.strerror(number) in said[0]


def test_a_disk_that_fails_is_no_network_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    answer(monkeypatch, errno.EIO)
    with pytest.raises(StoreError, match="the folder of crops failed"):
        store.add("door", [new()])
    store.close()
