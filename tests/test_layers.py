"""The floors of the house: rooms import strictly downwards, and each outside library has its owners."""

from __future__ import annotations

import ast
from pathlib import Path

import requesty_nb

HOUSE = Path(requesty_nb.__file__).parent
NAME = HOUSE.name
FLOORS = {
    "assets": 0,
    "errors": 0,
    "version": 0,
    "settings": 1,
    "images": 1,
    "masks": 2,
    "frames": 3,
    "models": 4,
    "options": 5,
    "wire": 5,
    "pricing": 5,
    "offline": 5,
    "cells": 6,
    "display": 6,
    "client": 6,
    "provenance": 7,
    "archives": 8,
    "records": 9,
    "sessions": 10,
    "magics": 11,
    "widgets": 11,
    "cli": 11,
    "__init__": 12,
    "__main__": 12,
}
OWNERS = {
    "httpx": {"client"},
    "starlette": {"offline"},
    "python_multipart": {"offline"},
    "anyio": {"client", "sessions"},
    "IPython": {"magics", "widgets", "__init__"},
    "traitlets": {"magics", "widgets"},
    "anywidget": {"widgets"},
    "ipycanvas": {"widgets"},
    "ipywidgets": {"widgets"},
    "uvicorn": {"cli"},
    "nbclient": {"cli"},
    "nbformat": {"cli"},
    "skimage": {"cli"},
    "msgspec": {"archives", "client", "models", "offline", "provenance", "records", "sessions", "wire"},
    "pybase64": {"offline", "wire"},
}


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[str, int]]:
    """Return what a module imports, by whatever statement or call, as dotted names with their lines."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(name, node.lineno) for name in (names if node.module == NAME else [node.module or ""])]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # The names in strings are modules that are imported when first needed.
            dotted = node.value.split(".")
            if dotted[0] == NAME and len(dotted) > 1 and all(part.isidentifier() for part in dotted):
                found.append((node.value, node.lineno))
    return found


SOURCES = sorted(HOUSE.rglob("*.py"))
IMPORTS = [
    (path, room_of(path), name, line)
    for path in SOURCES
    if "node_modules" not in path.parts
    for name, line in imports_of(path)
]


def test_every_room_has_a_floor():
    assert {room_of(path) for path in SOURCES} == set(FLOORS)


def test_imports_go_strictly_down():
    wrong = [
        f"{path.relative_to(HOUSE)}:{line}: {room} ({FLOORS[room]}) imports {other} ({FLOORS[other]})"
        for path, room, name, line in IMPORTS
        if name.startswith(f"{NAME}.")
        and (other := name.split(".")[1]) != room
        and FLOORS[other] >= FLOORS[room]
    ]
    assert wrong == []


def test_the_offline_endpoint_stands_alone():
    assert {
        name.split(".")[1] for _, room, name, _ in IMPORTS if room == "offline" and name.startswith(NAME)
    } == {"offline"}


def test_each_outside_library_has_its_owners():
    users: dict[str, set[str]] = {library: set() for library in OWNERS}
    for _, room, name, _ in IMPORTS:
        if (library := name.split(".")[0]) in users:
            users[library].add(room)
    assert users == OWNERS


def test_the_search_sees_lazy_imports():
    found = {name for _, room, name, _ in IMPORTS if room == "__init__"}
    assert {"requesty_nb.magics", "requesty_nb.sessions", "requesty_nb.models"} <= found
