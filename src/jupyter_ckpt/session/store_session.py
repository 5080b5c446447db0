"""Looking after a store: verify, mark, thin out, bring back. Needs no torch (but for `export`) and no training."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_ckpt.errors import CorruptCheckpoint, StoreError, UnknownName, UsageProblem
from jupyter_ckpt.receipt import Item
from jupyter_ckpt.session.reporting import status_of
from jupyter_ckpt.session.store_choice import StoreChoice, check_no_safer, choose_store
from jupyter_ckpt.session.store_memory import remember
from jupyter_ckpt.session.store_reader import StoreReader
from jupyter_ckpt.store import marks
from jupyter_ckpt.store.catalog import Catalog
from jupyter_ckpt.store.checkpoint import Checkpoint
from jupyter_ckpt.store.journal import Journal
from jupyter_ckpt.store.preservation import KeepPolicy
from jupyter_ckpt.store.prune import PruneReport, last_policy, prune
from jupyter_ckpt.store.trash import Emptied, TrashEntry, empty_trash, list_trash, trash, untrash
from jupyter_ckpt.store.verify import verify_file
from jupyter_ckpt.volumes import candidates
from jupyter_ckpt.volumes.probe import try_folder

Items = list[Item]
Problems = list[str]
Trash = list[TrashEntry]
Verdicts = list[tuple[Checkpoint, list[str]]]


class StoreSession(StoreReader):
    """A store that can be looked after; parameters as for `StoreReader`."""

    def tracked(self, *, strict: bool = False) -> Items:
        """What a save would save; nothing where there are no live objects."""
        return []

    def status(self) -> dict[str, Any]:
        """Store, run, tracked objects, last save, space; plain data for surfaces."""
        return status_of(self)

    def use_storage(self, path: str | os.PathLike[str], *, force: bool = False) -> StoreChoice:
        """Choose the store and remember it for this notebook.

        Parameters
        ----------
        path : path
            The store's folder; made when it does not exist.
        force : bool
            Take it although a safer volume is there.

        Raises
        ------
        UsageProblem
            When it cannot be a store, or would be less safe than another volume of this machine.
        StoreError
            When it cannot be made or remembered.
        """
        choice = choose_store(path, self.origin)
        if not force:
            check_no_safer(choice, candidates(self.origin.folder))
        try:
            choice.path.mkdir(parents=True, exist_ok=True)
            if try_folder(str(choice.path)).writable is False:
                raise UsageProblem(f"{choice.path} cannot be written to: %ckpt storage lists other volumes")
        except OSError as error:
            raise StoreError(f"{choice.path} cannot be made ({error.strerror})", error.errno) from error
        remember(self.origin, choice.path)
        self._given, self._choice = path, choice
        self._run_name = None
        return choice

    def verify(self, target: str | None = None, run: str | None = None, *, everywhere: bool = False) -> Verdicts:
        """Re-read every byte and compare it with what was committed; the verdict is remembered.

        Parameters
        ----------
        target : str, optional
            One checkpoint; by default all of ``run``, or of this notebook's runs, or with ``everywhere`` of the
            store.

        Returns
        -------
        list of (Checkpoint, list of str)
            Each with what is wrong with it: nothing when it is good.
        """
        chosen = [self.find(target, run)] if target is not None else self.list(run, everywhere=everywhere)
        return [(checkpoint, self._verify_one(checkpoint)) for checkpoint in chosen]

    def pin(self, target: str = "latest", run: str | None = None) -> Checkpoint:
        """Keep a checkpoint whatever the policy says."""
        return self._mark(target, run, marks.pin)

    def unpin(self, target: str = "latest", run: str | None = None) -> Checkpoint:
        """Undo `pin`."""
        return self._mark(target, run, marks.unpin)

    def tag(self, target: str, *tags: str, run: str | None = None) -> Checkpoint:
        """Put tags on a checkpoint."""
        return self._mark(target, run, marks.tag, *check_tags(tags))

    def untag(self, target: str, *tags: str, run: str | None = None) -> Checkpoint:
        """Take tags off a checkpoint."""
        return self._mark(target, run, marks.untag, *check_tags(tags))

    def note(self, target: str, text: str, run: str | None = None) -> Checkpoint:
        """Replace a checkpoint's note; UsageProblem when it is no text."""
        check_note(text)
        return self._mark(target, run, marks.note, text)

    def rm(self, target: str, run: str | None = None, *, force: bool = False) -> TrashEntry:
        """Move a checkpoint to the trash; `undo` brings it back.

        Raises
        ------
        UsageProblem
            When it is pinned, or the last good one of its run (``force`` takes that one too).
        """
        checkpoint = self.find(target, run)
        return trash(checkpoint.folder, checkpoint, force=force)

    def undo(self, target: str | None = None) -> TrashEntry:
        """Bring a checkpoint back from the trash: the one named, else the one removed last.

        Raises
        ------
        UnknownName
            When the trash has no such one.
        """
        entries = [entry for entry in self.trash() if entry.record is not None and entry.size]
        if target is not None:
            name = target.rpartition("/")[2]
            entries = [e for e in entries if e.name.startswith(name) and (name == target or e.ref.startswith(target))]
        if not entries:
            what = f"no {target!r} in the trash" if target is not None else "the trash is empty"
            raise UnknownName(f"{what} of {self.store}")
        entry = entries[-1]
        untrash(self.store / entry.run, entry.name)
        return entry

    def trash(self) -> Trash:
        """What can still be brought back, oldest first."""
        return list_trash(self.store)

    def empty_trash(self) -> Emptied:
        """Delete for good everything in the trash."""
        return empty_trash(self.store, datetime.timedelta(0))

    def keep(self, policy: KeepPolicy | None = None, **wishes: Any) -> KeepPolicy:
        """Set the preservation policy; it is applied after each save and by `prune`.

        Parameters
        ----------
        policy : KeepPolicy, optional
            Ready-made.
        wishes
            Else as for `KeepPolicy.parse`: ``last=3, best=1, metric="acc"``, …

        Raises
        ------
        UsageProblem
            For nonsense, and when there is no run yet.
        """
        chosen = policy if policy is not None else KeepPolicy.parse(**wishes)
        folder = self._run_folder_or_none()
        if folder is None:
            raise UsageProblem("there is no run yet whose checkpoints could be kept: save first, or name one: --run")
        Journal(folder).append("policy", policy=chosen.to_json())
        return chosen

    def prune(
        self, policy: KeepPolicy | None = None, *, run: str | None = None, dry_run: bool = False
    ) -> PruneReport:
        """Thin out a run by its policy (or the one given); what goes lies in the trash for a week.

        Raises
        ------
        UsageProblem
            When no policy is set, or there is no run.
        StoreError
            See `jupyter_ckpt.store.prune.prune`.
        """
        if run is not None:
            catalog = Catalog(self.store)
            folder: Path | None = self.store / self._full_run(run, catalog)
        else:
            folder = self._run_folder_or_none()
        if folder is None:
            raise UsageProblem("there is no run here to prune: name one with --run, `list --all` shows them")
        chosen = policy or last_policy(folder)
        if chosen is None:
            raise UsageProblem(f"{folder.name} keeps everything: say what to keep first, as in `%ckpt keep --last 3`")
        return self._prune_folder(folder, chosen, dry_run=dry_run)

    def _prune_folder(
        self, folder: Path, policy: KeepPolicy, *, dry_run: bool = False, watch: Any = None
    ) -> PruneReport:
        return prune(folder, policy, verify=lambda c: not self._verify_bytes(c, watch), dry_run=dry_run)

    def export(
        self,
        target: str,
        to: str | os.PathLike[str],
        *,
        weights_only: bool = False,
        names: Iterable[str] | None = None,
        force: bool = False,
    ) -> Any:
        """Write a stand-alone ``.pt`` or ``.safetensors`` file. The only verb here that needs torch.

        Parameters
        ----------
        target : str
            A checkpoint, as for `find`.
        to : path
            The new file; its suffix says the format.
        weights_only : bool
            Only the models' weights, in the form that ``model.load_state_dict`` takes.
        names : iterable of str, optional
            Only these tracked objects.
        force : bool
            Replace an existing file.
        """
        from jupyter_ckpt.session.exporting import export_checkpoint

        return export_checkpoint(self, target, to, weights_only=weights_only, names=names, force=force)

    def _mark(self, target: str, run: str | None, mark: Any, *words: str) -> Checkpoint:
        checkpoint = self.find(target, run)
        mark(Journal(checkpoint.folder), checkpoint.name, *words)
        return self.find(checkpoint.ref)

    def _verify_bytes(self, checkpoint: Checkpoint, watch: Any = None) -> Problems:
        try:
            record = checkpoint.record
        except CorruptCheckpoint as error:
            return [str(error)]
        with (watch or self.watch)(f"verifying {checkpoint.name}", record.size) as progress:
            return verify_file(checkpoint.path, record, fresh=True, progress=progress)

    def _verify_one(self, checkpoint: Checkpoint) -> Problems:
        problems = self._verify_bytes(checkpoint)
        with contextlib.suppress(StoreError):  # a read-only store can be verified too
            marks.mark_verified(
                Journal(checkpoint.folder), checkpoint.name, ok=not problems, why="; ".join(problems)[:500]
            )
        return problems


def check_note(note: str) -> str:
    """A note as given; UsageProblem when it is no text."""
    if not isinstance(note, str):
        raise UsageProblem(f"a note is text, not a {type(note).__name__}")
    return note


def check_tags(tags: str | Iterable[str]) -> tuple[str, ...]:
    """Tags as given; UsageProblem for none, and for ones that could not be typed again."""
    found = (tags,) if isinstance(tags, str) else tuple(tags)
    if not found:
        raise UsageProblem("which tag? As in `%ckpt tag latest good`")
    for one in found:
        if not isinstance(one, str) or not one.strip() or len(one) > 60 or any(ord(c) < 32 or c in ",/" for c in one):
            raise UsageProblem(f"{str(one)[:40]!r} is not a tag: at most 60 letters, without commas and slashes")
    return found
