"""Records from strangers: one that no edit can have is refused, alone; one that is taken can be shown."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from archiving import (
    GOOD,
    MASKED,
    NOON,
    OBJECTS,
    SHA,
    entries_of,
    exported,
    guarded,
    line,
    objects,
    packed,
    same,
    stream,
    taken_in,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from requesty_nb import archives, cells, display, errors, frames
from requesty_nb.archives import index
from requesty_nb.frames import Frame, Leak
from requesty_nb.models import (
    Cost,
    Edit,
    EditRecord,
    EditResult,
    Failure,
    ImageInfo,
    ImageRef,
    encode_record,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REQUEST = GOOD.request
_RESULT = GOOD.result
_REF = _REQUEST.images[0]
_INFO = GOOD.images[0].info


def asked(**changes: Any) -> EditRecord:
    request = msgspec.structs.replace(_REQUEST, **changes)
    return msgspec.structs.replace(GOOD.record, request=request, key=request.key)


def recorded(**changes: Any) -> EditRecord:
    return msgspec.structs.replace(GOOD.record, **changes)


def answered(**changes: Any) -> EditRecord:
    return recorded(result=msgspec.structs.replace(_RESULT, **changes))


def ref(**changes: Any) -> ImageRef:
    return msgspec.structs.replace(_REF, **changes)


IMPOSSIBLE: dict[str, EditRecord] = {
    "an id that is a path": recorded(id="../../../../../../tmp/owned"),
    "an id of another length": recorded(id=GOOD.id + "0"),
    "an id with capitals": recorded(id=GOOD.id.upper()),
    "an id in a year that no date has": recorded(id="7" + "z" * 25),
    "take 0": recorded(take=0),
    "a take beyond all": recorded(take=10**9),
    "no source": asked(images=()),
    "many sources": asked(images=(_REF,) * 17),
    "n of 0": asked(n=0),
    "a stored path": asked(images=(ref(stored="../../beside/secret.txt"),)),
    "a stored path as long as a digest": asked(images=(ref(stored="../" * 21 + "x"),)),
    "a mask with a stored path": asked(mask=ref(stored="/etc/passwd")),
    "a digest in capitals": asked(images=(ref(stored=SHA.upper()),)),
    "a source of no kind": asked(images=(ref(digest="x"),)),
    "a source of no size": asked(images=(ref(size=(0, 16)),)),
    "a source beyond all size": asked(images=(ref(size=(16, 10**9)),)),
    "a picture that is a path": answered(images=(ImageInfo("../../x", "image/png", 16, 16),)),
    "a picture of negative size": answered(images=(msgspec.structs.replace(_INFO, width=-1),)),
    "a restored picture that is a path": recorded(restored=(ImageInfo("..", "image/png", 16, 16),)),
    "pictures beyond all": answered(images=(_INFO,) * 1001),
    "no pictures": answered(images=()),
    "success without an answer": recorded(result=None),
    "failure with pictures": recorded(state="failed"),
    "a frame beyond all": asked(frame=Frame((16, 16), (10**7, 16), (0, 0), (0, 0, 16, 16))),
    "a frame far away": asked(frame=Frame((16, 16), (16, 16), (-(10**7), 0), (0, 0, 16, 16))),
    "a frame around nothing": asked(frame=Frame((16, 16), (16, 16), (0, 0), (0, 0, 0, 16))),
    "a frame smaller than its source": asked(frame=Frame((16, 16), (8, 16), (0, 0), (0, 0, 8, 16))),
    "a frame of too many pixels": asked(frame=Frame((16, 16), (20_000, 20_000), (0, 0), (0, 0, 16, 16))),
    "the key of another": recorded(key="v1:" + "0" * 64),
    "nested parameters": asked(params={"a": json.loads("[" * 70 + "]" * 70)}),
    "nested usage": answered(usage={"a": json.loads('{"a":' * 70 + "1" + "}" * 70)}),
    "a time without a zone": recorded(started=NOON.replace(tzinfo=None)),
    "a negative time": recorded(elapsed=-1.0),
    "a negative cost": answered(cost=Cost(-1.0, 1.0, "reported")),
    "a leak of nothing": recorded(leaks=(Leak(-0.5, 0.0),)),
    "a shift beyond all": recorded(leaks=(Leak(0.5, 0.5, (2**31, 0)),)),
    "a failure that is paid by": recorded(
        state="failed", result=None, failure=Failure(type="X", message="", paid="<script>")
    ),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with guarded(tmp_path) as folder:
        yield folder


@pytest.mark.parametrize("name", IMPOSSIBLE)
@pytest.mark.parametrize("form", ["run.jsonl", "run.zip", "history"])
def test_a_record_that_cannot_be_right_is_refused_alone(place, form, name):
    record = IMPOSSIBLE[name]
    match form:
        case "run.jsonl":
            path = stream(place, objects(), line(record), line(GOOD.record))
        case "run.zip":
            entries = entries_of(exported(place))
            entries["records.jsonl"] = line(record) + entries["records.jsonl"]
            path = packed(place / "in" / "bad.zip", list(entries.items()))
        case _:
            history, _ = taken_in(exported(place), place / "in" / "history")
            (good,) = history.folder.glob("edits/*/*.json")
            good.with_name("0" + good.name).write_bytes(encode_record(record))
            path = history.folder
    history, found = taken_in(path, place / "h")
    assert found.added == (GOOD.id,), found
    assert len(found.refused) == 1 and "is refused: it " in found.refused[0]
    same(history, [GOOD])


# Any value in the place of any other

WEIRD = (
    *(None, True, 0, -1, 1, 2**31, 2**63, -(2**63), 1e308, -1e308, 0.5, "", "x", "../../x", "\0", "\u202e"),
    *("<script>", "9" * 5000, [], [[]], {}, {"": {}}, ["x"] * 50, [1, 2], [0, 0], [-5, -5], [0, 0, 0, 0]),
    *(
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ),
    *("url:javascript:alert(1)", "file:x", "url:", "sha256:", "pixels:x", "url:https://" + "x" * 5000),
)


def _full() -> tuple[dict[str, Any], ...]:
    """Return the JSON of two records in which every field says something."""
    request = msgspec.structs.replace(
        _REQUEST, mask=MASKED, params={"size": "1024x1024", "quality": "low"}, n=2,
        frame=frames.fit((16, 16), (3, 2), (4, 0, 2, 1)),
    )  # fmt: skip
    result = EditResult(
        images=(_INFO, _INFO), usage={"input_tokens": 1, "output_tokens": 2}, cost=Cost(0, 1, "usage"),
        effective={"size": "1x1"}, request_id="r", provider="p", extras={"a": 1},
    )  # fmt: skip
    failure = Failure(
        type="T", message="m", hint="h", paid="perhaps", status=400, code="c", request_id="r", body="b",
        cost=Cost(0, 1, "estimate"),
    )  # fmt: skip
    leaks = (Leak(0.1, 2.0, (1, 0)), None)
    said: dict[str, Any] = {
        "request": request, "key": request.key, "notes": ("n",), "tags": ("t",), "versions": {"a": "b"},
    }  # fmt: skip
    records = (
        recorded(result=result, restored=(_INFO, _INFO), leaks=leaks, leak=leaks[0], **said),
        recorded(state="failed", result=None, failure=failure, **said),
    )
    return tuple(json.loads(msgspec.json.encode(record)) for record in records)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one_inside in inner:
        yield (*path, name)
        yield from _places(one_inside, (*path, name))


FULL = _full()
PLACES = [(number, path) for number, record in enumerate(FULL) for path in _places(record)]


def changed(number: int, path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """Return a full record with another value in one place, and the key of what it asks for, if it can."""
    record = copy.deepcopy(FULL[number])
    inner: Any = record
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    if path != ("key",):
        with suppress(msgspec.ValidationError, ValueError):
            record["key"] = msgspec.convert(record["request"], type(_REQUEST)).key
    return record


@given(st.sampled_from(PLACES), st.sampled_from(WEIRD))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_value_is_it_is_refused_or_can_be_shown(tmp_path, place, value):
    (tmp_path / "run.jsonl").write_bytes(json.dumps({"record": changed(*place, value)}).encode())
    with archives.opened(tmp_path / "run.jsonl") as archive:
        (found,) = archive.records
    if isinstance(found, errors.HistoryFault):
        assert str(found).isprintable()
        return
    edit = Edit(found, OBJECTS.__getitem__)
    assert display.edit_bundle(edit) and list(archives.rows([edit])) and index.entry(edit, [], {})
    assert summary_of(found).id == edit.id and repr(edit)
    for made in (lambda: edit.sources, lambda: edit.mask, lambda: cells.cell_of(edit)):
        with suppress(errors.ImgEditError):
            made()
