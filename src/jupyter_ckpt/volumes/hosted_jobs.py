"""Jobs and functions, whose machines go when they end: where their own documentation says that files are kept."""

from __future__ import annotations

from jupyter_ckpt.volumes.fstypes import Family
from jupyter_ckpt.volumes.place import (
    EPHEMERAL,
    SESSION,
    UNKNOWN,
    Place,
    Platform,
)

JOBS: tuple[Platform, ...] = (
    Platform(
        "SageMaker training job",
        (
            Place(
                "/opt/ml/checkpoints",
                UNKNOWN,
                "uploaded to S3 only when the job was given a checkpoint_s3_uri",
            ),
            Place("/opt/ml/model", UNKNOWN, "uploaded to S3 only when the job ends by itself"),
            Place("/opt/ml/output", UNKNOWN, "uploaded to S3 only when the job ends by itself"),
            Place("/", EPHEMERAL, "the training instance is removed with the job"),
        ),
        "AWS documentation, Checkpoints in Amazon SageMaker",
        env=("SM_MODEL_DIR", "TRAINING_JOB_NAME+SM_HOSTS"),
        files=("/opt/ml/input/config/resourceconfig.json",),
        mounts=("/opt/ml/model+/opt/ml/checkpoints", "/opt/ml/model+/opt/ml/input*", "/opt/ml/output+/opt/ml/input*"),
    ),
    Platform(
        "Vertex AI training",
        (Place("/", EPHEMERAL, "the replica is removed with the job; only /gcs is kept"),),
        "Vertex AI documentation, custom training",
        env=("AIP_CHECKPOINT_DIR", "AIP_MODEL_DIR", "CLOUD_ML_JOB_ID"),
    ),
    Platform(
        "GitHub Actions",
        (Place("/", EPHEMERAL, "a hosted runner is thrown away after the job"),),
        "GitHub documentation, about GitHub-hosted runners",
        env=("RUNNER_ENVIRONMENT=github-hosted",),
    ),
    Platform(
        "AWS Fargate",
        (Place("/", EPHEMERAL, "the task's storage is deleted when the task ends"),),
        "AWS documentation, storage options for Amazon ECS tasks",
        env=("AWS_EXECUTION_ENV=AWS_ECS_FARGATE",),
    ),
    Platform(
        "AWS Lambda",
        (Place("/", EPHEMERAL, "a function's files are lost with its execution environment"),),
        "AWS documentation, Lambda ephemeral storage",
        env=("AWS_LAMBDA_FUNCTION_NAME",),
        mounts=("/var/task+/var/runtime", "/var/task+/tmp@/dev/vd*"),
    ),
    Platform(
        "Cloud Run",
        (Place("/", EPHEMERAL, "an instance's files are kept in memory and lost with it"),),
        "Google Cloud documentation, Cloud Run container runtime contract",
        env=("K_SERVICE+K_REVISION", "CLOUD_RUN_JOB"),
    ),
    Platform(
        "Nomad",
        (
            Place("/local", SESSION, "an allocation's folder is collected with the allocation", own_mount=True),
            Place("/alloc", SESSION, "an allocation's folder is collected with the allocation", own_mount=True),
            Place("/secrets", EPHEMERAL, "an allocation's secrets, in memory", own_mount=True),
        ),
        "HashiCorp Nomad documentation, allocation working directory",
        env=("NOMAD_ALLOC_DIR", "NOMAD_ALLOC_ID"),
        mounts=("/local+/secrets",),
    ),
    Platform(
        "Azure ML job",
        (
            Place(
                "/mnt/azureml",
                UNKNOWN,
                "only ./outputs and ./logs are uploaded when the job ends",
                frozenset({Family.DISK}),
            ),
            Place("/", EPHEMERAL, "the job's container and its node are removed"),
        ),
        "Microsoft documentation, train models with Azure Machine Learning",
        env=("AZUREML_RUN_ID",),
        mounts=("/mnt/azureml/cr/*",),
    ),
    Platform(
        "AWS Batch",
        (Place("/", UNKNOWN, "the instance of a job is removed when no job needs it", frozenset({Family.DISK})),),
        "AWS documentation, AWS Batch compute environments",
        env=("AWS_BATCH_JOB_ID",),
    ),
    Platform(
        "CI job",
        (
            Place(
                "/", UNKNOWN, "the runner decides what is kept; most clean up after the job", frozenset({Family.DISK})
            ),
        ),
        "documentation of GitHub Actions, GitLab CI, CircleCI, Azure Pipelines, Buildkite and Jenkins",
        env=("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "TF_BUILD", "BUILDKITE", "JENKINS_URL+BUILD_ID"),
        mounts=("/__w+/__e", "/github/workspace+/github/home"),
    ),
)
