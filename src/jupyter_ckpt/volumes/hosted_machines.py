"""Rented machines and workspaces: where their own documentation says that files are kept."""

from __future__ import annotations

from jupyter_ckpt.volumes.fstypes import Family
from jupyter_ckpt.volumes.place import (
    ANY,
    EPHEMERAL,
    FUSE,
    LOCAL,
    MOUNTED,
    PERSISTENT,
    SESSION,
    UNKNOWN,
    Place,
    Platform,
)

MACHINES: tuple[Platform, ...] = (
    Platform(
        "Databricks",
        (
            Place("/dbfs/local_disk0", EPHEMERAL, "the driver's own disk is lost with the cluster", ANY),
            Place("/dbfs", PERSISTENT, "DBFS keeps files after the cluster has ended", FUSE, True),
            Place(
                "/Volumes",
                PERSISTENT,
                "a Unity Catalog volume keeps files after the cluster has ended",
                FUSE,
                True,
            ),
            Place("/Workspace", PERSISTENT, "workspace files are kept, with limits on their size", FUSE, True),
            Place("/", EPHEMERAL, "the driver's own disk is lost when the cluster ends"),
        ),
        "docs.databricks.com: Databricks File System; Volumes",
        env=("DATABRICKS_RUNTIME_VERSION",),
        mounts=("/local_disk0", "/dbfs@dbfsfuse"),
    ),
    Platform(
        "RunPod Serverless",
        (
            Place("/runpod-volume", PERSISTENT, "a RunPod network volume", MOUNTED, own_mount=True),
            Place("/", EPHEMERAL, "the worker is removed when it is idle"),
        ),
        "docs.runpod.io, serverless storage",
        env=("RUNPOD_ENDPOINT_ID",),
    ),
    Platform(
        "RunPod",
        (
            Place(
                "/workspace",
                PERSISTENT,
                "a RunPod network volume is kept when the pod is deleted; its quota is not in the free space shown",
                frozenset({Family.NETWORK}),
                own_mount=True,
            ),
            Place(
                "/workspace",
                SESSION,
                "a RunPod volume disk survives a stop and is deleted with the pod",
                frozenset({Family.DISK}),
                own_mount=True,
            ),
            Place("/", EPHEMERAL, "RunPod clears the container disk at every stop and restart"),
        ),
        "docs.runpod.io/pods/storage/types",
        env=("RUNPOD_POD_ID",),
    ),
    Platform(
        "Lambda Cloud",
        (
            Place(
                "/lambda/nfs",
                PERSISTENT,
                "a Lambda file system is kept when the instance is terminated",
                ANY,
                True,
            ),
            Place("/", SESSION, "the instance's own disk is lost when the instance is terminated"),
        ),
        "Lambda Cloud documentation, file systems",
        files=("/lambda/nfs",),
        mounts=("/lambda/nfs/*", "/lambda/nfs"),
    ),
    Platform(
        "Vast.ai",
        (Place("/", SESSION, "the disk of a Vast.ai instance is kept at a stop and lost when it is destroyed"),),
        "Vast.ai documentation (not checked on a machine)",
        env=("VAST_CONTAINERLABEL", "VAST_TCP_PORT_*"),
    ),
    Platform(
        "GitHub Codespaces",
        (
            Place(
                "/workspaces",
                PERSISTENT,
                "/workspaces survives stops and rebuilds; an unused codespace is deleted, by default after 30 days",
                MOUNTED,
                own_mount=True,
            ),
            Place("/tmp", EPHEMERAL, "Codespaces empties /tmp at every stop"),
            Place("/vscode", EPHEMERAL, "the editor's own files on the host"),
            Place("/", SESSION, "outside /workspaces files survive a stop of the codespace, not its rebuild"),
        ),
        "GitHub documentation, deep dive into codespaces",
        env=("CODESPACES", "CODESPACE_NAME"),
        files=("/workspaces/.codespaces",),
        mounts=("/workspaces+/vscode",),
    ),
    Platform(
        "Gitpod",
        (
            Place("/workspace", PERSISTENT, "Gitpod backs up /workspace when it stops", MOUNTED, own_mount=True),
            Place(
                "/",
                EPHEMERAL,
                "Gitpod resets everything outside /workspace at every start",
                LOCAL | {Family.UNKNOWN},
            ),
        ),
        "Gitpod Classic documentation, workspace life-cycle",
        env=("GITPOD_WORKSPACE_ID",),
    ),
    Platform(
        "Modal",
        (
            Place(
                "/",
                UNKNOWN,
                "a Modal volume keeps only what was committed with commit()",
                ANY,
                own_mount=True,
            ),
            Place("/", EPHEMERAL, "a Modal container is removed with all its files"),
        ),
        "Modal documentation, Volumes",
        env=("MODAL_TASK_ID",),
        files=("/__modal",),
    ),
    Platform(
        "Replit",
        (
            Place("/home/runner", PERSISTENT, "the Repl's own file system", MOUNTED, own_mount=True),
            Place("/", EPHEMERAL, "outside the Repl's folder files are lost when the container restarts"),
        ),
        "Replit documentation",
        env=("REPL_ID", "REPL_SLUG+REPL_OWNER"),
    ),
    Platform(
        "AutoDL",
        (
            Place("/root/autodl-fs", PERSISTENT, "AutoDL's network storage, apart from the instance", ANY, True),
            Place(
                "/root/autodl-tmp",
                SESSION,
                "the data disk survives a shutdown and is released with the instance",
            ),
            Place("/autodl-pub", EPHEMERAL, "a shared read-only disk of public data sets", ANY),
            Place("/", SESSION, "the system disk survives a shutdown and is released with the instance"),
        ),
        "AutoDL documentation",
        env=("HOSTNAME=autodl-container-*",),
        files=("/root/autodl-tmp", "/autodl-pub"),
        mounts=("/root/autodl-tmp", "/root/autodl-fs", "/autodl-pub*"),
    ),
    Platform(
        "Azure Cloud Shell",
        (
            Place(
                "/home",
                PERSISTENT,
                "the home image lies in the Cloud Shell's file share",
                frozenset({Family.DISK}),
                own_mount=True,
                source="/dev/loop*",
            ),
            Place("/", EPHEMERAL, "the Cloud Shell's machine is thrown away after every session"),
        ),
        "Microsoft documentation, persist files in Azure Cloud Shell",
        env=("ACC_CLOUD", "ACC_TERM_ID", "AZUREPS_HOST_ENVIRONMENT"),
    ),
    Platform(
        "Google Cloud Shell",
        (
            Place(
                "/home",
                PERSISTENT,
                "the 5 GB home disk of the Cloud Shell; deleted after 120 unused days",
                MOUNTED,
                True,
            ),
            Place("/", EPHEMERAL, "the Cloud Shell's machine is thrown away after every session"),
        ),
        "Google Cloud documentation, how Cloud Shell works",
        env=("CLOUD_SHELL=true", "DEVSHELL_PROJECT_ID"),
    ),
    Platform(
        "Fly.io",
        (
            Place("/", UNKNOWN, "a Fly volume lies on one host and is as safe as its snapshots", own_mount=True),
            Place("/", EPHEMERAL, "a Fly machine's root is reset from its image at every restart"),
        ),
        "fly.io documentation, volumes",
        env=("FLY_APP_NAME",),
        files=("/.fly/api",),
    ),
)
