"""The OpenAPI document and the routes are held together, both ways."""

from __future__ import annotations

from document import METHODS, document, operations


def test_every_route_is_in_the_document_and_the_other_way_round() -> None:
    from jupyter_server.base.handlers import APIHandler

    from jupyter_ckpt.server.extension import ROUTES

    served = {
        (f"/{route.path}", method)
        for route in ROUTES
        for method in METHODS
        if getattr(route, method) is not getattr(APIHandler, method)
    }
    assert served == operations()


def test_every_route_is_registered(jp_serverapp, jp_base_url: str) -> None:
    from jupyter_ckpt.server.extension import ROUTES

    targets = {rule.target for rules in jp_serverapp.web_app.wildcard_router.rules for rule in [rules]}
    for group in jp_serverapp.web_app.default_router.rules:
        targets |= {rule.target for rule in getattr(group.target, "rules", [])}
    assert set(ROUTES) <= targets


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                given = [*item.get("parameters", []), *item[method].get("parameters", [])]
                names = {_name(one) for one in given}
                assert {part[1:-1] for part in path.split("/") if part.startswith("{")} <= names, path


def test_it_is_a_valid_document(need) -> None:
    try:
        from openapi_spec_validator import validate
    except ImportError:
        need(False, "openapi-spec-validator is not installed")
        return
    validate(document())


def _name(parameter: dict) -> str:
    if "$ref" in parameter:
        parameter = document()["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
    return parameter["name"]
