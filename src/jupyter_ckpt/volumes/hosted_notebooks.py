"""Platforms on which a notebook runs: where their own documentation says that files are kept."""

from __future__ import annotations

from jupyter_ckpt.volumes.fstypes import Family
from jupyter_ckpt.volumes.place import (
    ANY,
    EPHEMERAL,
    FUSE,
    MOUNTED,
    PERSISTENT,
    REMOTE,
    SESSION,
    UNKNOWN,
    Place,
    Platform,
)

_GONE_WITH_VM = "the machine is recycled when it is idle or too old, and every file on its disk with it"

NOTEBOOKS: tuple[Platform, ...] = (
    Platform(
        "Google Colab",
        (
            Place(
                "/content/drive",
                PERSISTENT,
                "Google Drive keeps it; syncing is delayed, so call drive.flush_and_unmount() before the end",
                FUSE,
                own_mount=True,
            ),
            Place("/", EPHEMERAL, f"Colab: {_GONE_WITH_VM}"),
        ),
        "Colab FAQ; googlecolab/colabtools issues 1045 and 2869",
        env=("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION", "COLAB_JUPYTER_TRANSPORT", "COLAB_GPU"),
        files=("/var/colab/hostname",),
        mounts=("/var/colab",),
    ),
    Platform(
        "Kaggle",
        (
            Place(
                "/kaggle/working",
                SESSION,
                "Kaggle keeps /kaggle/working between sessions only when persistence is on, or as output of a commit",
            ),
            Place("/kaggle/input", EPHEMERAL, "Kaggle's input folder is a read-only copy of data sets", ANY),
            Place(
                "/",
                EPHEMERAL,
                "Kaggle removes the machine at the end of the session; only /kaggle/working is kept",
            ),
        ),
        "Kaggle announcement 'Session Persistence for Variables and Files'",
        env=("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE", "KAGGLE_DATA_PROXY_TOKEN"),
        mounts=("/kaggle/working@/dev/loop*", "/kaggle/working+/kaggle/input*", "/kaggle/working+/kaggle/lib"),
    ),
    Platform(
        "SageMaker notebook instance",
        (
            Place(
                "/home/ec2-user/SageMaker",
                PERSISTENT,
                "SageMaker keeps this storage volume when the notebook instance is stopped",
                MOUNTED,
                own_mount=True,
            ),
            Place("/", EPHEMERAL, "SageMaker terminates the instance at every stop; only ~/SageMaker is kept"),
        ),
        "AWS API reference, StopNotebookInstance",
        files=("/opt/ml/metadata/resource-metadata.json+/home/ec2-user/SageMaker",),
        mounts=("/home/ec2-user/SageMaker",),
    ),
    Platform(
        "SageMaker Studio Lab",
        (
            Place(
                "/home/studio-lab-user",
                PERSISTENT,
                "Studio Lab keeps the home folder between sessions",
                MOUNTED,
                True,
            ),
            Place("/", EPHEMERAL, "Studio Lab keeps only the home folder between sessions"),
        ),
        "Amazon SageMaker Studio Lab documentation",
        env=("USER=studio-lab-user",),
        files=("/home/studio-lab-user",),
        mounts=("/home/studio-lab-user",),
    ),
    Platform(
        "SageMaker Studio",
        (
            Place(
                "/home/sagemaker-user",
                PERSISTENT,
                "the volume of the Studio space is kept when the space is stopped",
                MOUNTED,
                own_mount=True,
            ),
            Place(
                "/mnt/custom-file-systems",
                PERSISTENT,
                "a file system attached to the Studio domain",
                REMOTE,
                True,
            ),
            Place("/mnt/sagemaker-nvme", EPHEMERAL, "the instance's own NVMe disk is wiped when the space stops"),
            Place(
                "/opt/.sagemakerinternal",
                EPHEMERAL,
                "SageMaker's own folder on the host, not a place for files",
            ),
            Place("/", EPHEMERAL, "a Studio space keeps only its home volume and attached file systems"),
        ),
        "AWS documentation, Amazon SageMaker Studio spaces",
        env=("SAGEMAKER_SPACE_NAME", "SAGEMAKER_APP_TYPE"),
        files=("/opt/.sagemakerinternal",),
        mounts=("/opt/.sagemakerinternal*", "/mnt/sagemaker-nvme"),
    ),
    Platform(
        "Azure ML compute instance",
        (
            Place(
                "/mnt/batch/tasks/shared/LS_root/mounts/clusters",
                PERSISTENT,
                "the workspace's file share keeps it when the compute instance is deleted",
                REMOTE,
                own_mount=True,
            ),
            Place("/mnt", EPHEMERAL, "the temporary disk of an Azure machine is wiped at every stop"),
            Place("/tmp", EPHEMERAL, "temporary files are lost when the compute instance stops"),
            Place("/", SESSION, "the disk of the compute instance is kept at a stop and lost when it is deleted"),
        ),
        "Microsoft documentation on compute instances and on the temporary disk",
        mounts=("/mnt/batch/tasks/shared/LS_root/mounts/clusters/*",),
        files=("/mnt/batch/tasks/shared/LS_root/mounts/clusters",),
    ),
    Platform(
        "Vertex AI Workbench",
        (
            Place(
                "/home/jupyter",
                PERSISTENT,
                "the data disk of the Workbench instance",
                MOUNTED,
                own_mount=True,
            ),
            Place(
                "/",
                UNKNOWN,
                "the boot disk of a Workbench instance is replaced at an upgrade",
                frozenset({Family.DISK}),
                on_root=True,
            ),
        ),
        "Vertex AI Workbench documentation",
        mounts=("/home/jupyter",),
    ),
    Platform(
        "Paperspace",
        (
            Place("/storage", PERSISTENT, "the team's shared storage", MOUNTED, own_mount=True),
            Place(
                "/notebooks",
                PERSISTENT,
                "kept from session to session of this notebook",
                MOUNTED,
                own_mount=True,
            ),
            Place("/datasets", EPHEMERAL, "a read-only copy of public data", ANY),
            Place("/", EPHEMERAL, "a Paperspace notebook keeps only /storage and /notebooks"),
        ),
        "docs.digitalocean.com: Paperspace notebooks, storage types",
        env=("PAPERSPACE_*",),
    ),
    Platform(
        "Binder",
        (Place("/", EPHEMERAL, "Binder removes the session and all its files as soon as it is idle"),),
        "mybinder.org documentation: sessions have no storage of their own",
        env=("BINDER_SERVICE_HOST", "BINDER_LAUNCH_HOST", "BINDER_REQUEST", "BINDER_REF_URL"),
    ),
    Platform(
        "Hugging Face Spaces",
        (
            Place("/data", PERSISTENT, "the Space's persistent storage", MOUNTED, own_mount=True),
            Place("/", EPHEMERAL, "a Space loses everything outside /data at every restart"),
        ),
        "huggingface.co/docs/hub/spaces-storage",
        env=("SPACE_ID+SPACE_HOST", "SPACE_ID+SPACE_AUTHOR_NAME"),
    ),
    Platform(
        "Lightning AI",
        (
            Place("/teamspace", UNKNOWN, "Lightning describes the teamspace as kept; not checked on a machine"),
            Place("/", EPHEMERAL, "outside /teamspace a Studio's files are lost when it sleeps"),
        ),
        "Lightning AI documentation (not checked on a machine)",
        env=("LIGHTNING_CLOUD_PROJECT_ID", "LIGHTNING_CLOUD_SPACE_ID"),
    ),
    Platform(
        "Deepnote",
        (
            Place("/work", UNKNOWN, "Deepnote describes /work as kept; not checked on a machine"),
            Place(
                "/datasets",
                UNKNOWN,
                "an integration of the project; whether it keeps files depends on its kind",
            ),
            Place("/", EPHEMERAL, "Deepnote replaces the machine at every start; only /work is kept"),
        ),
        "Deepnote documentation (not checked on a machine)",
        env=("DEEPNOTE_PROJECT_ID",),
    ),
    Platform(
        "CoCalc",
        (Place("/home", UNKNOWN, "CoCalc describes the home folder as kept; not checked on a machine"),),
        "CoCalc documentation (not checked on a machine)",
        env=("COCALC_PROJECT_ID",),
    ),
)
