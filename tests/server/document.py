"""The OpenAPI document as a judge of real answers."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import yaml

METHODS = ("get", "put", "post", "patch", "delete")


@cache
def document() -> dict[str, Any]:
    """``openapi.yaml`` as it is shipped."""
    loaded: dict[str, Any] = yaml.safe_load((files("jupyter_ckpt.server") / "openapi.yaml").read_text("utf-8"))
    return loaded


def operations() -> set[tuple[str, str]]:
    """Every (path, method) of the document."""
    return {(path, method) for path, item in document()["paths"].items() for method in METHODS if method in item}


def check(method: str, path: str, status: int, answer: Any) -> None:
    """Hold an answer against the document; paths that it does not have are answered by the server itself."""
    known = _path_of(path)
    operation = document()["paths"][known].get(method.lower()) if known else None
    if operation is None:
        return
    key = "200" if status == 200 else "default"
    schema = _resolve(operation["responses"][key])["content"]["application/json"]["schema"]
    whole = {"components": document()["components"], "allOf": [schema]}
    jsonschema.Draft202012Validator(whole).validate(answer)


def _path_of(path: str) -> str | None:
    for known in document()["paths"]:
        if re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", known), "/" + path):
            return known
    return None


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found
