"""Real servers, real kernels, and the system's Chromium, headless."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the harness lies beside the tests

_HERE = Path(__file__).parent
if importlib.util.find_spec("playwright") is None:  # the quick tests do without; `-m ui` then finds nothing and fails
    collect_ignore_glob = ["test_*.py"]
_SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_SWITCHES += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them are slow, and `-m ui` picks them alone."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.ui)


def _chromium() -> str | None:
    return os.environ.get("JUPYTER_CKPT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all tests; each test has a profile of its own in it."""
    _need(importlib.util.find_spec("playwright"), "playwright is not installed")
    _need(importlib.util.find_spec("jupyterlab"), "jupyterlab is not installed")
    _need(_chromium(), "chromium is not installed")
    built = (_HERE.parents[1] / "src/jupyter_ckpt/labextension/package.json").exists()
    built = built or (Path(sys.prefix) / "share/jupyter/labextensions/jupyter-ckpt").exists()
    _need(built, "the labextension is not built (jlpm build:prod in labextension/)")
    import psutil
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        mine = playwright.chromium.launch(executable_path=_chromium(), headless=True, args=_SWITCHES)
        started = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
        try:
            yield mine
        finally:
            try:
                mine.close()
            finally:
                for child in started:
                    if child.is_running():
                        child.kill()


def _need(condition: object, why: str) -> None:
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have this part: {why}", pytrace=False)
    pytest.skip(why)


@pytest.fixture
def jp_asyncio_loop() -> None:
    """Not pytest-jupyter's: Playwright's own event loop runs in this thread, and is not to be closed."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """Not pytest-jupyter's: these servers are processes of their own."""


@pytest.fixture(scope="module")
def serve(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Start servers that live as long as the module: ``serve(theme=DARK)``."""
    from live_server import LiveServer

    started: list[LiveServer] = []

    def start(**options: Any) -> LiveServer:
        server = LiveServer(tmp_path_factory.mktemp("server"), **options)
        started.append(server)
        return server.__enter__()

    try:
        yield start
    finally:
        for server in started:
            server.stop()


@pytest.fixture
def visit(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Open a tab: ``visit(server, "nb.ipynb")``; without a notebook an empty tab, ``profile=`` shares one's profile.

    At the end of a failed test a picture of every tab is in ``test-results``.
    """
    from jupyter_page import JupyterPage

    contexts: list[Any] = []
    tabs: list[JupyterPage] = []

    def open_tab(server: Any, name: str | None = None, *, profile: JupyterPage | None = None, **options: Any) -> Any:
        if profile is None:
            size = options.pop("viewport", {"width": 1400, "height": 900})
            permissions = ["clipboard-read", "clipboard-write"]
            contexts.append(
                browser.new_context(
                    viewport=size, locale="en-US", permissions=permissions, **options.pop("profile_options", {})
                )
            )
            context = contexts[-1]
        else:
            context = profile.page.context
        tab = JupyterPage(context, server)
        tabs.append(tab)
        if name is not None:
            tab.open(name, **options)
        return tab

    try:
        yield open_tab
        failed = getattr(request.node, "failed_call", False)
        for number, tab in enumerate(tabs):
            if failed and not tab.page.is_closed():
                tab.picture(f"failed {request.node.name} {number}")
    finally:
        for context in contexts:
            context.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let `visit` know whether its test failed."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed_call = report.failed  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def collaboration() -> Path:
    """A folder with jupyter-collaboration, as `pip install --target` makes it."""
    given = os.environ.get("JUPYTER_CKPT_COLLABORATION", "")
    _need(given and Path(given).is_dir(), "JUPYTER_CKPT_COLLABORATION names no folder with jupyter-collaboration")
    return Path(given)


@pytest.fixture(scope="session")
def chinese() -> list[Path]:
    """Folders to add so that JupyterLab itself speaks Chinese: none when the language pack is installed."""
    if importlib.util.find_spec("jupyterlab_language_pack_zh_CN"):
        return []
    given = os.environ.get("JUPYTER_CKPT_LANGUAGE_PACK", "")
    _need(given and Path(given).is_dir(), "jupyterlab-language-pack-zh-CN is not installed")
    return [Path(given)]


@pytest.fixture(scope="session")
def notebook7_installed() -> None:
    """Notebook 7 beside JupyterLab."""
    _need(importlib.util.find_spec("notebook"), "notebook 7 is not installed")


@pytest.fixture(scope="session")
def axe() -> Path:
    """The accessibility checker that the labextension's development dependencies bring."""
    path = _HERE.parents[1] / "labextension/node_modules/axe-core/axe.min.js"
    _need(path.exists(), "axe-core is not installed (jlpm install in labextension/)")
    return path
