"""What all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest_plugins = ("pytest_jupyter.jupyter_server",)  # pytest takes plugins from here only

sys.path.insert(0, str(Path(__file__).parent))  # `kernel` and other helpers that lie beside this


def need(condition: object, why: str) -> None:
    """Skip the test with the reason when a real part is missing here; in CI (``CI`` is set) fail instead.

    Parameters
    ----------
    condition : object
        True when the part is there.
    why : str
        What is missing: ``"podman is not installed"``.
    """
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have this part: {why}", pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_tests(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """What is saved in a test is not noted in the developer's own Jupyter folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter-config")))
        yield


@pytest.fixture(name="need")
def _need():  # type: ignore[no-untyped-def]
    """`need`, for tests that cannot import from here (``--import-mode=importlib``)."""
    return need
