"""Nodes of a cluster: one job after the other runs on them, and only network storage outlives the job."""

from __future__ import annotations

import re

from jupyter_ckpt.volumes.assessment import Durability, Verdict
from jupyter_ckpt.volumes.case import Case
from jupyter_ckpt.volumes.fstypes import Family, family
from jupyter_ckpt.volumes.table import covers

EPHEMERAL, UNKNOWN = Durability.EPHEMERAL, Durability.UNKNOWN

# Slurm, PBS, LSF, Flux, Cobalt, OAR, HTCondor, Grid Engine, AWS Batch
_JOB = (
    *("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "FLUX_JOB_ID", "COBALT_JOBID", "OAR_JOB_ID"),
    *("_CONDOR_SCRATCH_DIR", "SGE_TASK_ID", "AWS_BATCH_JOB_ID"),
)
_JOB_FOLDERS = ("SLURM_TMPDIR", "TMPDIR", "_CONDOR_SCRATCH_DIR", "PBS_JOBFS", "LSB_JOBTMPDIR", "LOCAL_SCRATCH")
_SCRATCH_DISK = re.compile(
    r"(?:^|/)(?:l?scratch\w*|local_?scratch|local_?disk\d*|instance_storage|nvme_?scratch|tmpdir|resource)(?:/|$)"
)
# BeeGFS on demand, DataWarp (Cray), the burst buffers of LSF
_BURST_BUFFER = re.compile(r"beeond|/dws/mounts/batch/|^/mnt/bb(?:/|$)")


def burst_buffer(case: Case) -> Verdict | None:
    """A file system that a scheduler makes for one job."""
    mount = case.mount
    if case.family not in (Family.NETWORK, Family.DISK) or case.on_root:
        return None
    if "ondemand" in mount.source or _BURST_BUFFER.search(mount.mount_point):
        return Verdict(EPHEMERAL, f"{mount.mount_point} is a file system made for this job only.")
    return None


def batch_node(case: Case) -> Verdict | None:
    """A job's node: only what is mounted over the network outlives the job."""
    environ = case.facts.environ
    if case.family is not Family.DISK or not any(name in environ for name in _JOB):
        return None
    folders = [environ.get(name, "") for name in _JOB_FOLDERS]
    if any(folder.startswith("/") and covers(folder.rstrip("/") or "/", case.path) for folder in folders):
        return Verdict(EPHEMERAL, "the job's own scratch folder on this node is emptied when the job ends.")
    if _SCRATCH_DISK.search(case.mount.mount_point) or covers("/tmp", case.path) or "local" in case.mount.mount_point:
        return Verdict(EPHEMERAL, "the node's own scratch disk is emptied when the job ends.")
    return Verdict(
        UNKNOWN, "a disk of the compute node: other nodes do not see it, and it may be wiped between jobs."
    )


def scratch_disk(case: Case) -> Verdict | None:
    """A local disk where data is meant to stay elsewhere: beside network storage, or below a root without a disk."""
    facts, mount = case.facts, case.mount
    if case.family is not Family.DISK or case.on_root:
        return None
    if facts.network_storage and _SCRATCH_DISK.search(mount.mount_point):
        return Verdict(UNKNOWN, "a local scratch disk beside network storage: it may be wiped between jobs.")
    if facts.root is not None and family(facts.root) is Family.NETWORK and not facts.container:
        return Verdict(UNKNOWN, "a local disk of a node that starts over the network: it may be wiped between jobs.")
    return None
