"""The one question: what does this folder survive?"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from jupyter_ckpt.volumes import machine
from jupyter_ckpt.volumes.assessment import Assessment, Durability, Verdict
from jupyter_ckpt.volumes.case import Case
from jupyter_ckpt.volumes.containers import Facts
from jupyter_ckpt.volumes.platforms import hosted, recognised
from jupyter_ckpt.volumes.proofs import FIRST
from jupyter_ckpt.volumes.rules import THEN, not_identified
from jupyter_ckpt.volumes.table import normal, parse
from jupyter_ckpt.volumes.walk import covering, hiding


def assess(
    path: str | os.PathLike[str],
    table: str | None = None,
    environ: Mapping[str, str] | None = None,
    exists: Callable[[str], bool] | None = None,
) -> Assessment:
    """What files in a folder survive, and why.

    Parameters
    ----------
    path
        The folder; it need not exist yet.
    table
        Text of a /proc/self/mountinfo or /proc/mounts.  Without it this machine is asked: symlinks are resolved and
        the answer is checked against ``st_dev``.  With it no file system is touched.
    environ
        Environment variables; by default those of this process, or none when a table is given.
    exists
        Answers whether a marker file exists; by default the machine's, or never when a table is given.

    Returns
    -------
    Assessment
        Never raises on a real table: what cannot be told is ``unknown``.
    """
    text = os.fsdecode(path)
    if table is None:
        return machine.assess_here(text, os.environ if environ is None else environ, exists or machine.marker)
    environ = {} if environ is None else environ
    return judge(_absolute(text, environ), Facts(parse(table), environ, exists or _never))


def judge(path: str, facts: Facts) -> Assessment:
    """The answer for an absolute, normal path, from facts that are already gathered."""
    platform = platform_name(facts)
    mount = covering(facts.mounts, path) if path.startswith("/") else None
    if mount is None:
        verdict = _uncovered(path, facts)
        return Assessment(path, verdict.durability, "", "", "", False, verdict.reason, platform)
    verdict, said_by = _verdict(Case(path, mount, facts))
    over = hiding(facts.mounts, mount, path)
    if over is not None:
        other, _ = _verdict(Case(path, over, facts))
        if other.durability.trust < verdict.durability.trust:
            verdict = Verdict(other.durability, f"{over.mount_point} was mounted over it later: {other.reason}")
    return Assessment(
        path=path,
        durability=verdict.durability,
        mount_point=mount.mount_point,
        fstype=mount.fstype,
        source=mount.source,
        read_only=mount.read_only,
        reason=verdict.reason[:1].upper() + verdict.reason[1:],
        platform=said_by or platform,
    )


def platform_name(facts: Facts) -> str | None:
    """The hosted platform, or the kind of container or machine, in a word that users know."""
    return next((platform.name for platform in recognised(facts)), facts.kind)


def _verdict(case: Case) -> tuple[Verdict, str | None]:
    for rule in FIRST:
        verdict = rule(case)
        if verdict is not None:
            return verdict, None
    answer = hosted(case.path, case.mount, case.facts)
    if answer is not None:
        return answer[0], answer[1].name
    for rule in THEN:
        verdict = rule(case)
        if verdict is not None:
            return verdict, None
    return not_identified(case), None


def _uncovered(path: str, facts: Facts) -> Verdict:
    if path.startswith("/") and facts.injected:
        return Verdict(
            Durability.EPHEMERAL, "No volume covers it: the container's own layer goes with the container."
        )
    reason = f"No entry of the mount table covers {path}, so nothing can be said about it."
    return Verdict(Durability.UNKNOWN, reason)


def _absolute(path: str, environ: Mapping[str, str]) -> str:
    if path.startswith("/"):
        return normal(path)
    base = environ.get("PWD", "")
    return normal(f"{base}/{path}") if base.startswith("/") else path


def _never(path: str) -> bool:
    return False
