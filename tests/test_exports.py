"""The public names: all there, all explained, and loaded no sooner than they are used."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys

import pytest

import requesty_nb

HEAVY = ("httpx", "PIL", "numpy", "anywidget", "starlette", "msgspec")


def modules_after(code: str) -> set[str]:
    program = f"import json, sys\n{code}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", requesty_nb.__all__)
def test_a_public_name_is_there_and_explained(name):
    value = getattr(requesty_nb, name)
    assert inspect.getdoc(value), f"{name} has no docstring"


def test_dir_names_just_what_is_there():
    names = dir(requesty_nb)
    assert set(requesty_nb.__all__) <= set(names)
    assert all(hasattr(requesty_nb, name) for name in names)
    assert [name for name in names if not name.startswith("__")] == sorted(requesty_nb.__all__)


def test_all_of_it_can_be_imported_by_a_star():
    names: dict[str, object] = {}
    exec("from requesty_nb import *", names)  # noqa: S102 - the statement itself is what is tested
    assert set(requesty_nb.__all__) <= set(names)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = requesty_nb.nosuch


def test_the_names_are_those_of_their_homes():
    assert requesty_nb.Mask is importlib.import_module("requesty_nb.masks").Mask
    assert requesty_nb.recipe is importlib.import_module("requesty_nb.provenance").recipe
    assert requesty_nb.errors is importlib.import_module("requesty_nb.errors")
    session = importlib.import_module("requesty_nb.sessions").default()
    assert requesty_nb.session is session
    assert requesty_nb.history is session.history
    assert requesty_nb.edit == session.edit


@pytest.mark.parametrize("name", ["Edit", "History", "Mask", "Session"])
def test_the_methods_of_public_types_are_explained(name):
    kind = getattr(requesty_nb, name)
    bare = [one for one, what in vars(kind).items() if not one.startswith("_") and callable(what)]
    assert [one for one in bare if not inspect.getdoc(getattr(kind, one))] == []


def test_importing_loads_nothing_heavy():
    assert modules_after("import requesty_nb").isdisjoint(HEAVY)


def test_importing_in_a_shell_loads_nothing_heavy():
    shell = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
    before = modules_after(shell)
    after = modules_after(f"{shell}; s.run_line_magic('load_ext', 'requesty_nb')")
    assert "requesty_nb.magics" in after
    assert (after - before).isdisjoint(HEAVY)
    assert before.isdisjoint(HEAVY), "else the line above would show nothing"


def test_errors_are_public_and_explained():
    errors = requesty_nb.errors
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    mine = [kind for kind in kinds if issubclass(kind, BaseException)]
    assert len(mine) > 15
    assert all(kind.__doc__ for kind in mine)
