"""One run's folder in the trash, and the renames into and out of it.

Into the trash the record goes first (from then on the checkpoint does not exist), then the data; out of it the data
comes first, the record last. A process killed between the two leaves the record in the trash and the data beside the
run's other files: `TrashFolder.repair` brings the data after it. Folders are synced between the two steps, so that a
power cut leaves no other state. Deleting takes the data first: a record alone in the trash is finished off later.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_ckpt.errors import StoreError
from jupyter_ckpt.store.confine import confined
from jupyter_ckpt.store.folder import Folder, make_folders
from jupyter_ckpt.store.layout import TRASH
from jupyter_ckpt.store.record import DATA_SUFFIX, RECORD_SUFFIX, CommitRecord, is_safe_name, parse_record


@dataclass(frozen=True)
class TrashEntry:
    """One removed checkpoint.

    Parameters
    ----------
    run, name : str
        What it was.
    size : int
        Bytes of its data file as found; 0 when that is gone.
    at : float
        When it was put there, seconds since 1970.
    record : CommitRecord or None
        None for data that had lost its record before.
    """

    run: str
    name: str
    size: int
    at: float
    record: CommitRecord | None

    @property
    def ref(self) -> str:
        """``run/name``."""
        return f"{self.run}/{self.name}"


class TrashFolder:
    """``<store>/.trash/<run>``.

    Parameters
    ----------
    store : Path
        The store.
    run : str
        A run's name.

    Raises
    ------
    StoreError
        When links lead out of the store.
    """

    def __init__(self, store: Path, run: str) -> None:
        if not is_safe_name(run):
            raise StoreError(f"{run[:80]!r} is not a run's name")
        self.store = store.resolve()
        self.run = run
        self.live = self.store / run
        self.path = self.store / TRASH / run
        for folder in (self.store / TRASH, self.path):
            if folder.is_symlink():
                raise StoreError(f"the trash {folder} is a link, which is not followed: remove it")
        confined(self.path, self.store)

    def make(self) -> None:
        """Create it; StoreError when that fails."""
        try:
            make_folders(self.path)
        except OSError as error:
            raise _failed("made", self.path, error) from error

    def take(self, names: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """Move checkpoints in: all records, then all data.

        Parameters
        ----------
        names : iterable of str
            Checkpoints whose records are valid, as the caller has just seen.

        Returns
        -------
        moved, left : list of str, list of (name, why)
            Those that are in the trash now, and those that could not be moved and are whole.

        Raises
        ------
        StoreError
            When the trash cannot be made, or data could not follow its record (`repair` tries again).
        """
        self.make()
        moved, left = [], []
        for name in names:
            if self._has(name):
                left.append((name, "the trash has one of that name already: empty it first"))
                continue
            source = self.live / (name + RECORD_SUFFIX)
            try:
                with contextlib.suppress(PermissionError):  # another user's file: its ctime tells the time as well
                    os.utime(source)  # the record's time in the trash is when its retention began
                os.rename(source, self.path / source.name)
            except FileNotFoundError:
                left.append((name, "it is gone already"))
            except OSError as error:
                left.append((name, f"it could not be moved to the trash ({error.strerror})"))
            else:
                moved.append(name)
        if moved:
            self._sync()
            self._bring_data(moved)
        return moved, left

    def take_data(self, name: str) -> None:
        """Move in a data file that has no record; StoreError when that fails."""
        self.make()
        source = self.live / (name + DATA_SUFFIX)
        try:
            if self._has(name):
                raise FileExistsError(None, "the trash has one of that name already")
            with contextlib.suppress(PermissionError):
                os.utime(source)
            os.rename(source, self.path / source.name)
        except OSError as error:
            raise _failed("moved to the trash", source, error) from error
        self._sync()

    def give_back(self, name: str) -> None:
        """Move a checkpoint out: data, then record.

        Raises
        ------
        StoreError
            When it cannot be moved, or a checkpoint of that name exists again.
        """
        data, record = self.path / (name + DATA_SUFFIX), self.path / (name + RECORD_SUFFIX)
        try:
            make_folders(self.live)
            for source in (data, record):
                if os.path.lexists(self.live / source.name):
                    raise FileExistsError(None, "a file of that name is there again")
            os.rename(data, self.live / data.name)
            self._sync()
            os.rename(record, self.live / record.name)
            self._sync()
        except OSError as error:
            raise _failed("brought back from the trash", self.path / name, error) from error

    def repair(self) -> list[str]:
        """Finish moves that were cut off; the names of those checkpoints, which are wholly in the trash now.

        Raises
        ------
        StoreError
            When a file cannot be moved.
        """
        if not self.path.is_dir() or not self.live.is_dir():
            return []
        late = []
        for name in self._stems(self.path, RECORD_SUFFIX):
            free = not os.path.lexists(self.path / (name + DATA_SUFFIX))
            gone = not os.path.lexists(self.live / (name + RECORD_SUFFIX))
            if free and gone and _is_file(self.live / (name + DATA_SUFFIX)) and self._record(name) is not None:
                late.append(name)
        if late:
            self._bring_data(late)
        return late

    def entries(self) -> list[TrashEntry]:
        """What lies in it, oldest first."""
        if not self.path.is_dir():
            return []
        names = {*self._stems(self.path, RECORD_SUFFIX), *self._stems(self.path, DATA_SUFFIX)}
        found = []
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # another process has just deleted it
                found.append(self._entry(name))
        return sorted(found, key=lambda entry: (entry.at, entry.name))

    def delete(self, name: str) -> int:
        """Delete for good, data first; the bytes freed.

        Raises
        ------
        StoreError
            When a file cannot be deleted.
        """
        freed = 0
        for suffix in (DATA_SUFFIX, RECORD_SUFFIX):
            path = self.path / (name + suffix)
            try:
                size = path.lstat().st_size
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _failed("deleted from the trash", path, error) from error
            freed += size
        return freed

    def tidy(self) -> None:
        """Remove the folder when it is empty; StoreError never."""
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _entry(self, name: str) -> TrashEntry:
        data, record = self.path / (name + DATA_SUFFIX), self.path / (name + RECORD_SUFFIX)
        status = record.lstat() if os.path.lexists(record) else data.lstat()
        size = data.lstat().st_size if os.path.lexists(data) else 0
        # Where ctime is kept it is the time of the rename; a copied store starts its retention anew.
        return TrashEntry(self.run, name, size, max(status.st_mtime, status.st_ctime), self._record(name))

    def _record(self, name: str) -> CommitRecord | None:
        path = self.path / (name + RECORD_SUFFIX)
        try:
            record = parse_record(path.read_bytes()) if _is_file(path) else None
        except (OSError, ValueError):
            return None
        return record if record is not None and record.name == name else None

    def _has(self, name: str) -> bool:
        return any(os.path.lexists(self.path / (name + suffix)) for suffix in (RECORD_SUFFIX, DATA_SUFFIX))

    def _bring_data(self, names: Iterable[str]) -> None:
        for name in names:
            source = self.live / (name + DATA_SUFFIX)
            try:
                os.rename(source, self.path / source.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _failed("moved to the trash after its record", source, error) from error
        self._sync()

    def _sync(self) -> None:
        for path in (self.path, self.live):
            try:
                with Folder(path) as held:
                    held.sync()
            except OSError as error:
                raise _failed("synced", path, error) from error

    @staticmethod
    def _stems(folder: Path, suffix: str) -> Iterator[str]:
        with os.scandir(folder) as listing:
            for entry in listing:
                stem = entry.name.removesuffix(suffix)
                if stem != entry.name and is_safe_name(stem) and entry.is_file(follow_symlinks=False):
                    yield stem


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _failed(what: str, path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} could not be {what} ({error.strerror or error})", error.errno)
