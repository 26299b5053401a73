"""Pictures of ComfyUI and of AUTOMATIC1111's web UI: what maps becomes a cell, and the rest is told."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos import encoded, photo
from PIL import ExifTags, Image
from recipes import GRAPH, REQUEST, WEB_UI, commented, edit_of, file_of, png_with

from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.provenance import recipe, recipe_of, sidecar, sidecar_path, with_recipe
from requesty_nb.provenance.a1111 import parse as parse_text
from requesty_nb.provenance.comfyui import parse as parse_graph

if TYPE_CHECKING:
    from pathlib import Path


def found_in(data: bytes, folder: Path, name: str = "found.png") -> Any:
    path = folder / name
    path.write_bytes(data)
    return recipe(path)


# AUTOMATIC1111


@pytest.mark.parametrize("packed", [False, True])
def test_the_web_uis_text_becomes_a_cell(tmp_path, packed):
    made = found_in(png_with(parameters=WEB_UI, packed=packed), tmp_path, "a fox.png")
    assert (made.origin, made.key, made.prompt, made.size, made.model) == (
        "a1111", None, "a fox, (snow:1.2),\n{soft} light", "1024x1536", "foxes_v2",
    )  # fmt: skip
    assert made.cell == (
        f'%%imgedit "{tmp_path}/a fox.png" --size 1024x1536\na fox, (snow:1.2),\n{{{{soft}}}} light'
    )
    assert made.unmapped == (
        "negative prompt: blurry,\nlow quality",
        "Steps: 20",
        "Sampler: DPM++ 2M",
        "CFG scale: 7",
        "Seed: 965400086",
        'Lora hashes: warm: 1a2b, cold: "3c"',
        "Version: v1.9.4",
        "size 512x768, for which the cell asks for 1024x1536",
        "model foxes_v2",
        "weights in the prompt, which are read as plain text",
    )
    text = str(made)
    assert text.startswith(made.cell + "\n\nFrom the web UI of AUTOMATIC1111")
    assert "negative prompt: blurry,\\nlow quality; Steps: 20" in text


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + WEB_UI.encode("utf-16-be"),
        b"UNICODE\0" + WEB_UI.encode("utf-16-le"),
        b"UNICODE\0" + ("\ufeff" + WEB_UI).encode("utf-16-le"),
        b"ASCII\0\0\0" + WEB_UI.encode(),
        bytes(8) + WEB_UI.encode(),
        WEB_UI.encode(),
    ],
)
def test_a_comment_is_read_however_it_is_encoded(kind, order, comment):
    made = recipe(commented(comment, kind, order))
    assert (made.origin, made.prompt) == ("a1111", "a fox, (snow:1.2),\n{soft} light")
    assert made.cell.startswith(f"%%imgedit ./found.{'jpg' if kind == 'JPEG' else 'webp'} --size")


def test_a_cameras_comment_is_no_prompt():
    with pytest.raises(BadImage, match="no recipe"):
        recipe(commented(b"ASCII\0\0\0holidays by the sea"))


@pytest.mark.parametrize(
    ("text", "prompt", "size", "others"),
    [
        ("just words", "just words", None, ()),
        ("words\nSteps: 3", "words", None, ("Steps: 3",)),
        ("words\nSteps: 3, Size: 0x9999999, Seed:", "words", None, ("Steps: 3", "Seed: ")),
        ("a: b, c\nd: e\r\nSteps: 1, Size: 64x32", "a: b, c\nd: e", (64, 32), ("Steps: 1",)),
        ('x\nSteps: 1, A: "not, closed', "x", None, ("Steps: 1", 'A: "not, closed')),
    ],
)
def test_texts_of_programs_that_write_likewise(text, prompt, size, others):
    found = parse_text(text)
    assert found is not None
    assert (found.prompt, found.size, found.others) == (prompt, size, others)


@pytest.mark.parametrize("text", ["", "\n", "Steps: 20, Sampler: a, Seed: 1", "Negative prompt: x\nSteps: 1"])
def test_a_text_without_a_prompt_is_no_recipe(text):
    assert parse_text(text) is None


def test_our_own_readable_text_is_understood_where_nothing_else_is_left():
    copy = Image.open(BytesIO(with_recipe(file_of("PNG"), recipe_of(edit_of(REQUEST)))))
    made = recipe(png_with(parameters=copy.info["parameters"]))
    assert (made.prompt, made.size, made.model) == (REQUEST.prompt, "1536x1024", REQUEST.model)


# ComfyUI


def test_a_graph_becomes_a_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "found.png").write_bytes(png_with(prompt=json.dumps(GRAPH), workflow="{}", parameters=WEB_UI))
    made = recipe("found.png")
    assert (made.origin, made.prompt, made.size) == ("comfyui", "a fox in the snow", "1024x1024")
    assert made.cell == "%%imgedit ./found.png --size 1024x1024\na fox in the snow"
    assert made.unmapped == (
        "negative prompt: blurry",
        "seed: 7",
        "steps: 25",
        "cfg: 6.5",
        "sampler_name: euler",
        "scheduler: normal",
        "denoise: 1.0",
        "LoRA: warm.safetensors",
        "model foxes_v2.safetensors",
    )


def test_a_graph_in_the_cameras_model_of_a_webp():
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = f"prompt:{json.dumps(GRAPH)}"
    exif[ExifTags.Base.Make] = "workflow:{}"
    assert recipe(encoded(photo(), "WEBP", exif=exif.tobytes())).prompt == "a fox in the snow"


def changed(**nodes: Any) -> str:
    return json.dumps({**GRAPH, **{name.lstrip("_"): {"inputs": inputs} for name, inputs in nodes.items()}})


@pytest.mark.parametrize(
    ("graph", "prompt"),
    [
        (changed(_6={"text": ["20", 0]}, _20={"string": "elsewhere", "delimiter": ", "}), "elsewhere"),
        (changed(_6={"text_g": "one", "text_l": "two", "width": 64, "height": 64}), "one\ntwo"),
        (changed(_6={"conditioning_1": ["20", 0], "conditioning_2": ["21", 0]}, _20={"text": "one"},
                 _21={"text": "two"}), "one\ntwo"),
        (changed(_6={"positive": ["20", 0], "negative": ["7", 0], "control_net": ["9", 0], "image": ["2", 0]},
                 _20={"text": "held by a control net"}, _2={"text": "not this"}), "held by a control net"),
        (changed(_3={"noise_seed": 1, "noise": ["9", 0], "guider": ["20", 0], "latent_image": ["5", 0]},
                 _20={"model": ["4", 0], "conditioning": ["6", 0]}), "a fox in the snow"),
        (changed(_6={"text": "round", "conditioning": ["6", 0]}), "round"),
        (changed(_6={"text": "half a \ud83d"}), "half a \ud83d"),
        (json.dumps({**GRAPH, "x": [float("nan")], "y": None, "z": {"inputs": 3}}), "a fox in the snow"),
    ],
)  # fmt: skip
def test_graphs_of_other_nodes(graph, prompt):
    found = parse_graph(graph)
    assert found is not None and found.prompt == prompt


@pytest.mark.parametrize(
    "text",
    ["", "a prompt in plain words", "[]", "{}", '{"3": {"inputs": {}}}', "[" * 100_000, "9" * 5_000, "NaN",
     changed(_6={"text": ["nosuch", 0]}), changed(_3={"positive": "words", "negative": ["7", 0]})],
)  # fmt: skip
def test_what_is_no_graph_is_passed_over(text):
    assert parse_graph(text) is None
    assert recipe(png_with(prompt=text, parameters=WEB_UI)).origin == "a1111"


def test_a_long_chain_of_nodes_is_followed_in_no_time():
    chain = {
        str(place): {"inputs": {"a": [str(place + 1), 0], "b": [str(place + 2), 0]}} for place in range(4_000)
    }
    graph = {**chain, "4000": {"inputs": {"text": "at the end"}},
             "s": {"inputs": {"positive": ["0", 0], "negative": ["1", 0], "seed": 1}}}  # fmt: skip
    found = parse_graph(json.dumps(graph))
    assert found is not None and found.prompt == "at the end"


INPUTS = st.dictionaries(
    st.sampled_from(["positive", "negative", "text", "seed", "latent_image", "width", "height", "model"]),
    st.none() | st.text(max_size=5) | st.floats() | st.integers()
    | st.tuples(st.sampled_from("012") | st.integers(0, 3), st.integers(0, 1)).map(list),
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("0123"), st.fixed_dictionaries({"inputs": INPUTS}) | st.text()))
def test_no_graph_is_too_odd(graph):
    found = parse_graph(json.dumps(graph))
    assert found is None or found.prompt.strip()


def test_half_a_character_is_replaced():
    made = recipe(png_with(prompt=changed(_6={"text": "half a \ud83d"})))
    assert made.prompt == "half a ?" and made.cell.encode()


# Both


def test_ours_comes_first_also_beside_the_picture(tmp_path):
    mine = recipe_of(edit_of(REQUEST))
    (tmp_path / "a.png").write_bytes(png_with(prompt=json.dumps(GRAPH), parameters=WEB_UI))
    assert recipe(tmp_path / "a.png").origin == "comfyui"
    sidecar_path(tmp_path / "a.png").write_bytes(sidecar(mine))
    assert recipe(tmp_path / "a.png") == mine


def test_a_foreign_recipe_is_not_written_as_ours():
    made = recipe(png_with(parameters=WEB_UI))
    for write in (sidecar, lambda one: with_recipe(file_of("PNG"), one)):
        with pytest.raises(BadRequest, match="Only the recipe of an edit"):
            write(made)
