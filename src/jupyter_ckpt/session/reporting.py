"""What ``%ckpt status`` tells, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_ckpt.errors import CkptError
from jupyter_ckpt.receipt import Outcome
from jupyter_ckpt.store import space
from jupyter_ckpt.volumes import assess

if TYPE_CHECKING:
    from jupyter_ckpt.session.store_session import StoreSession


def status_of(session: StoreSession) -> dict[str, Any]:
    """Store and its durability, run, tracked objects, last save, policy, room; problems as lines."""
    problems = list(session.choice.warnings)
    now = assess(session.store)
    found: dict[str, Any] = {
        "store": str(session.store),
        "how": session.choice.how,
        "durability": now.durability.value,
        "reason": now.reason,
        "run": session.run_id,
        "origin": session.origin.to_json(),
        "tracked": [],
        "last": None,
        "policy": None,
        "free": None,
        "size": 0,
        "checkpoints": 0,
        "position": None,
        "problems": problems,
    }
    try:
        found["tracked"] = [
            {"name": i.name, "kind": i.kind, "class": i.detail}
            for i in session.tracked()
            if i.outcome is Outcome.SAVED
        ]
    except CkptError as error:
        problems.append(str(error))
    try:
        room = space.free(session.store)
        found["free"] = room.free_bytes if room.trusted else None
        checkpoints = session.list(session.run_id) if session.run_id else session.list()
        found["checkpoints"] = len(checkpoints)
        found["size"] = sum(one.size for one in checkpoints)
        if checkpoints:
            found["last"] = {"ref": checkpoints[0].ref, "time": checkpoints[0].time, "epoch": checkpoints[0].epoch}
        policy = session.policy
        found["policy"] = policy.describe() if policy else None
        problems += [f"{path}: {why}" for path, why in session.damaged()]
    except CkptError as error:
        problems.append(str(error))
    return found
