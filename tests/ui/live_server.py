"""A real Jupyter server in a process of its own, with folders of its own, token and XSRF check kept."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import nbformat

EXTENSION = Path(__file__).parents[2] / "src" / "jupyter_ckpt" / "labextension"
LIGHT, DARK, HIGH_CONTRAST = "JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"
_APPLICATIONS = {
    "lab": ["-m", "jupyterlab", "--expose-app-in-browser", "--LabApp.extension_manager=readonly"],
    "notebook": ["-m", "notebook", "--JupyterNotebookApp.expose_app_in_browser=True"],
}


class LiveServer:
    """A context manager around one server.

    Parameters
    ----------
    folder : Path
        Everything of this server lies below it: its home, settings, notebooks and store.
    application : str
        ``"lab"`` or ``"notebook"`` (Notebook 7).
    theme, locale : str, optional
        As a person would choose them in the settings.
    settings : dict, optional
        Further settings files: ``{"jupyter-ckpt:panel": {...}}``.
    store : Path, optional
        Where kernels save; by default ``training-checkpoints`` beside the notebooks.
    packages : list of Path
        Folders made by ``pip install --target``, with Jupyter extensions: jupyter-collaboration, a language pack.
    notebooks : Path, optional
        The folder that it serves; by default an empty one of its own.
    env : dict
        Added to the environment.
    """

    def __init__(
        self,
        folder: Path,
        *,
        application: str = "lab",
        theme: str = LIGHT,
        locale: str = "default",
        settings: dict[str, dict[str, Any]] | None = None,
        store: Path | None = None,
        packages: list[Path] | None = None,
        notebooks: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.application = application
        self.notebooks = notebooks or folder / "notebooks"
        self.store = store or self.notebooks / "training-checkpoints"
        self.token = secrets.token_hex(16)
        self.url = ""
        self.log_file = folder / "server.log"
        self._packages = list(packages or [])
        self._env = env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.notebooks.mkdir(parents=True, exist_ok=True)
        self._write_settings(theme, locale, settings or {})
        self._write_configuration()

    def _write_settings(self, theme: str, locale: str, settings: dict[str, dict[str, Any]]) -> None:
        every: dict[str, dict[str, Any]] = {
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
            "@jupyterlab/apputils-extension:themes": {"theme": theme},
            "@jupyterlab/translation-extension:plugin": {"locale": locale},
            **settings,
        }
        for plugin, values in every.items():
            package, name = plugin.split(":")
            file = self.folder / "settings" / package / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))

    def _write_configuration(self) -> None:
        """Copy the extension in unless it is installed beside the server: a build meanwhile changes nothing."""
        extensions = self.folder / "jupyter" / "labextensions"
        extensions.mkdir(parents=True, exist_ok=True)
        if not (Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "jupyter-ckpt").exists():
            shutil.copytree(EXTENSION, extensions / "jupyter-ckpt")
        if not entry_points(group="jupyterlab.locale", name="jupyter_ckpt"):  # an installation older than the texts
            about = self.folder / "entry-points" / "jupyter_ckpt_texts-0.dist-info"
            about.mkdir(parents=True)
            (about / "METADATA").write_text("Metadata-Version: 2.1\nName: jupyter-ckpt-texts\nVersion: 0\n")
            (about / "entry_points.txt").write_text("[jupyterlab.locale]\njupyter_ckpt = jupyter_ckpt\n")
            self._packages.append(about.parent)
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        server_app = {"jpserver_extensions": {"jupyter_ckpt": True}}
        (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": server_app}))

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None
        return self._process.pid

    def write(self, name: str, notebook: nbformat.NotebookNode) -> Path:
        """Put a notebook where the server serves it."""
        path = self.notebooks / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def read(self, name: str) -> nbformat.NotebookNode:
        """The notebook as it is on disk."""
        return nbformat.read(self.notebooks / name, as_version=4)

    def get(self, path: str) -> Any:
        """GET a route as the page would, and parse its JSON."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def end_kernels(self) -> None:
        """End every kernel: a test leaves none behind."""
        for session in self.get("api/sessions"):
            url = f"{self.url}api/sessions/{session['id']}"
            request = urllib.request.Request(url, method="DELETE", headers={"Authorization": f"token {self.token}"})
            try:
                urllib.request.urlopen(request, timeout=30).close()
            except urllib.error.HTTPError:
                continue  # two tabs, one kernel: gone already

    def wait_for_checkpoint(self, notebook: str, name: str, timeout: float = 60) -> None:
        """Wait until a checkpoint of this notebook's newest run is on disk, whatever the page knows."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            runs = self.get(f"jupyter-ckpt/runs?notebook={quote(notebook)}")["runs"]
            if any(run["mine"] and (run["latest"] or {"name": ""})["name"].startswith(name) for run in runs):
                return
            time.sleep(0.2)
        raise AssertionError(f"no {name} of {notebook} after {timeout} s")

    def is_best(self, ref: str) -> bool:
        """Whether a checkpoint is the best one of its run."""
        return bool(self.get(f"jupyter-ckpt/checkpoints/{ref}")["best"])

    def memory(self) -> int:
        """Resident bytes of the server process."""
        import psutil

        return int(psutil.Process(self.pid).memory_info().rss)

    def __enter__(self) -> LiveServer:
        environment = self._environment()
        command = [sys.executable, *_APPLICATIONS[self.application], "--no-browser", "--ip=127.0.0.1", "--port=0"]
        command += ["--allow-root", f"--IdentityProvider.token={self.token}"]
        command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        command += [f"--ServerApp.root_dir={self.notebooks}"]
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.notebooks, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self.url = self._wait_for_port()
        except BaseException:
            self.stop()
            raise
        return self

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "JPY_", "IPYTHON", "LANG", "LC_", "XDG_"))
        }
        mine = {name: self.folder / name for name in ("home", "ipython", "runtime", "workspaces", "data")}
        for path in mine.values():
            path.mkdir(exist_ok=True)
        packages = [str(path) for path in self._packages]
        return {
            **inherited,
            "HOME": str(mine["home"]),
            "LANG": "C.UTF-8",
            "IPYTHONDIR": str(mine["ipython"]),
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(mine["data"]),
            "JUPYTER_RUNTIME_DIR": str(mine["runtime"]),
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(mine["workspaces"]),
            "JUPYTER_PATH": os.pathsep.join(
                [str(self.folder / "jupyter"), *(f"{path}/share/jupyter" for path in packages)]
            ),
            "JUPYTER_CONFIG_PATH": os.pathsep.join(f"{path}/etc/jupyter" for path in packages),
            "PYTHONPATH": os.pathsep.join(packages),
            "JUPYTER_CKPT_STORE": str(self.store),
            "OMP_NUM_THREADS": "1",
            **self._env,
        }

    def _wait_for_port(self) -> str:
        assert self._process is not None
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            for file in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    url: str = json.loads(file.read_text())["url"]
                except (OSError, ValueError, KeyError):
                    continue  # still being written
                return url
            time.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{self.log}")

    def stop(self) -> None:
        """End the server and its kernels: by asking, then by pid."""
        if self._process is None:
            return
        import psutil

        try:
            family = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        for child in family:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        self._process = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
