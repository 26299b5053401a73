"""What is given, and what of it comes at the wire and into the record."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from photos import MADE, PNG, encoded, noise, photo, session
from PIL import Image
from servers import answering, pictures, scripted

from requesty_nb import errors
from requesty_nb.images import decode
from requesty_nb.masks import Mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import Got, Scripted

    from requesty_nb.sessions import Session

OTHER = "openai/gpt-image-1"  # a model that takes WebP
JPEG, WEBP = encoded(photo(60, 40), "JPEG"), encoded(photo(40, 60), "WEBP")


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    with scripted(answering(pictures(MADE[0]))) as one:
        yield one


@pytest.fixture
def one(server, tmp_path) -> Iterator[Session]:
    with session(server.url, tmp_path / "history", model=OTHER) as made:
        yield made


def last(server: Scripted) -> Got:
    return server.got[-1]


def images(server: Scripted) -> list[tuple[str, str, bytes]]:
    return [(name, mime, data) for field, name, mime, data in last(server).parts() if field == "image[]"]


# Kinds of input


@pytest.mark.parametrize(
    "file",
    [("My photo.PNG", "image/png", PNG), ("été.jpg", "image/jpeg", JPEG), ("a.jpeg", "image/jpeg", JPEG),
     ("b.webp", "image/webp", WEBP)],
)  # fmt: skip
def test_a_file_goes_byte_for_byte_with_its_name_and_type(server, one, tmp_path, file):
    name, mime, data = file
    path = tmp_path / name
    path.write_bytes(data)
    for given in (path, str(path), path.open("rb")):
        edit = one.edit("x", given, new=True)
        assert images(server) == [(name, mime, data)]
        ref = edit.request.images[0]
        assert (ref.digest, ref.name, ref.mime) == (f"sha256:{hashlib.sha256(data).hexdigest()}", name, mime)
        assert edit.stored(ref) == data and edit.record.notes == ()
    given.close()


def test_a_wrong_suffix_is_put_right(server, one, tmp_path):
    (tmp_path / "photo.png").write_bytes(JPEG)
    one.edit("x", tmp_path / "photo.png")
    assert images(server) == [("photo.jpg", "image/jpeg", JPEG)]


@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, io.BytesIO, lambda data: io.BufferedReader(io.BytesIO(data))]
)
def test_bytes_go_as_they_are(server, one, wrap):
    edit = one.edit("x", wrap(JPEG))
    assert images(server) == [("image.jpg", "image/jpeg", JPEG)]
    assert edit.request.images[0].size == (60, 40)


def test_a_file_object_is_read_from_where_it_stands_and_left_there(server, one):
    file = io.BytesIO(b"junk" + JPEG)
    file.seek(4)
    one.edit("x", file)
    assert images(server)[0][2] == JPEG and file.tell() == 4


def test_a_data_url_goes_as_the_bytes_it_holds(server, one):
    one.edit("x", "data:image/jpeg;base64," + base64.b64encode(JPEG).decode())
    assert images(server) == [("image.jpg", "image/jpeg", JPEG)]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "CMYK", "I;16", "F"])
def test_a_pillow_image_goes_as_a_png_of_its_pixels(server, one, mode):
    image = photo().convert("L") if mode in {"I;16", "F"} else photo()
    image = Image.new("I;16", (48, 48), 999) if mode == "I;16" else image.convert(mode)
    edit = one.edit("x", image)
    name, mime, data = images(server)[0]
    assert (name, mime) == ("image.png", "image/png")
    sent = decode(data)
    assert sent.size == (48, 48) and sent.mode in {"L", "RGB", "RGBA"}
    if mode in {"RGB", "RGBA", "L"}:
        assert np.array_equal(np.asarray(sent), np.asarray(image))
    assert edit.request.images[0].digest.startswith("pixels:")
    assert edit.stored(edit.request.images[0]) == data


GREY = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40) % 256
ARRAYS = {
    "grey": GREY.astype(np.uint8),
    "grey in a channel": GREY.astype(np.uint8)[..., None],
    "grey and alpha": np.dstack([GREY, GREY]).astype(np.uint8),
    "rgb": np.dstack([GREY] * 3).astype(np.uint8),
    "rgba": np.dstack([GREY] * 4).astype(np.uint8),
    "bool": GREY > 99,
    "uint16": GREY * 257,
    "float32": (GREY / 255).astype(np.float32),
    "float64": GREY / 255,
    "int64": GREY.astype(np.int64),
    "strided": np.dstack([GREY] * 3).astype(np.uint8)[::-1, ::2],
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_goes_as_a_png_of_its_values(server, one, kind):
    array = ARRAYS[kind]
    one.edit("x", array)
    sent = np.asarray(decode(images(server)[0][2]))
    wanted = array if array.ndim == 2 else array[..., 0]
    if kind == "bool":
        wanted = wanted * 255
    elif kind == "uint16":
        wanted = wanted // 257
    elif kind.startswith("float"):
        wanted = np.rint(wanted * 255)
    assert np.array_equal(sent if sent.ndim == 2 else sent[..., 0], wanted)


def test_an_edit_is_a_source_named_after_itself(server, one):
    first = one.edit("x", PNG)
    second = one.edit("y", first)
    name, mime, data = images(server)[0]
    assert (name, mime, data) == (f"edit-{first.id[-8:]}.png", "image/png", MADE[0])
    assert second.request.images[0].stored == first.images[0].digest


def test_sixteen_pictures_keep_their_order(server, one):
    many = [noise(seed, (20, 20)) for seed in range(16)]
    one.edit("x", *many)
    assert [data for _, _, data in images(server)] == many


# What is converted


def rotated(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (60, 40), "white")
    image.paste("red", (0, 0, 30, 20))
    return encoded(image, "JPEG", exif=exif, quality=95, subsampling=0)


@pytest.mark.parametrize(("orientation", "corner"), [(3, (55, 35)), (6, (35, 5)), (8, (5, 55))])
def test_a_photo_that_lies_on_its_side_arrives_upright(server, one, orientation, corner):
    edit = one.edit("x", rotated(orientation))
    sent = decode(images(server)[0][2])
    assert sent.size == edit.request.images[0].size == ((60, 40) if orientation == 3 else (40, 60))
    assert sent.getpixel(corner)[1] < 60
    red = np.asarray(sent)[..., 1] < 128
    assert red[corner[1], corner[0]] and 0.2 < red.mean() < 0.3
    assert any("EXIF" in note for note in edit.record.notes)
    assert edit.stored(edit.request.images[0]) == rotated(orientation)  # what was given is what is kept


def test_an_azure_model_gets_a_webp_as_png_with_a_note(server, one):
    edit = one.edit("x", WEBP, model="azure/openai/gpt-image-1.5")
    name, mime, data = images(server)[0]
    assert (name, mime) == ("image.png", "image/png") and data.startswith(b"\x89PNG")
    assert np.array_equal(np.asarray(decode(data)), np.asarray(decode(WEBP)))
    assert any("WEBP" in note and "converted" in note for note in edit.record.notes)
    assert edit.stored(edit.request.images[0]) == WEBP
    one.edit("x", WEBP)
    assert images(server)[0][1:] == ("image/webp", WEBP)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_sent_as_png_with_a_note(server, one, kind):
    edit = one.edit("x", encoded(photo(), kind))
    assert images(server)[0][1] == "image/png"
    assert any("converted" in note for note in edit.record.notes)


# References


URL, FILE = "https://example.com/a%20b.png?x=1&y=%22", "file-AbC_123"


@pytest.mark.parametrize(("given", "field"), [(URL, "image_url"), (FILE, "file_id")])
def test_a_reference_is_sent_as_it_is_and_recorded_as_one(server, one, given, field):
    edit = one.edit("x", given, JPEG, size="1024x1024")
    assert last(server).headers["content-type"] == "application/json"
    assert last(server).json == {
        "model": OTHER,
        "prompt": "x",
        "size": "1024x1024",
        "images": [
            {field: given},
            {"image_url": "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()},
        ],
    }
    ref = edit.request.images[0]
    assert ref.digest == ("url:" if field == "image_url" else "file:") + given
    assert (ref.name, ref.size, ref.stored) == (given, None, "") and ref.notes
    assert edit.request.frame is None and edit.record.restored == () and edit.leak is None
    assert set(ref.notes) <= set(edit.record.notes)
    with pytest.raises(errors.HistoryFault):
        edit.stored(ref)
    assert one.edit("x", given, JPEG, size="1024x1024").replayed


@pytest.mark.parametrize(("given", "field"), [(URL, "image_url"), (FILE, "file_id")])
@pytest.mark.parametrize("image", [PNG, URL])
def test_a_mask_by_reference_is_sent_as_it_is(server, one, given, field, image):
    edit = one.edit("x", image, mask=given)
    assert last(server).json["mask"] == {field: given}
    assert edit.request.mask.stored == "" and edit.request.frame is None
    assert edit.restored == edit.images and edit.record.restored == ()


@pytest.mark.parametrize("options", [{"mask": None}, {"mask": URL}])
def test_a_reference_cannot_be_forced_into_multipart(server, one, options):
    before = server.connections
    for image in (URL, FILE, PNG)[: 2 if options["mask"] is None else 3]:
        with pytest.raises(errors.BadRequest, match="multipart"):
            one.edit("x", image, transport="multipart", **options)
    assert server.connections == before and not (one.history.folder).exists()


@pytest.mark.parametrize("options", [{"mask": Mask((9, 9)).rect(0, 0, 5, 5)}, {"extend": "9,9,9,9"}])
def test_what_needs_the_pixels_of_a_reference_is_refused(server, one, options):
    before = server.connections
    with pytest.raises(errors.BadRequest, match="reference"):
        one.edit("x", URL, **options)
    assert server.connections == before and not one.history.folder.exists()


# Parameters


VALUES: dict[str, Any] = {
    "prompt": 'two\r\nlines, "quotes" & é 日本 \u2028',
    "model": "somebody/new-model-7",
    "size": "4096x160",
    "quality": "superb",
    "background": "marble",
    "output_format": "avif",
    "output_compression": 33,
    "input_fidelity": "extreme",
    "moderation": "none at all",
    "user": "me@example.com",
    "n": 7,
    "string": "a=b&c",
    "integer": -3,
    "number": 2.5,
    "true": True,
    "false": False,
    "list": ["a", 1, True],
    "object": {"a": {"b": "c"}, "d": [1, 2]},
    'odd name]"': "x",
}
FORM = {
    **{name: str(value) for name, value in VALUES.items() if not isinstance(value, bool | list | dict)},
    "true": "true",
    "false": "false",
    "object[a][b]": "c",
    "odd name]%22": "x",
}
del FORM['odd name]"']


def test_every_parameter_reaches_the_wire_untouched_as_json(server, one):
    values = dict(VALUES)
    one.edit(values.pop("prompt"), PNG, transport="json", **values, nothing=None)
    body = last(server).json
    assert body.pop("images") == [{"image_url": "data:image/png;base64," + base64.b64encode(PNG).decode()}]
    assert body == VALUES


def test_every_parameter_reaches_the_wire_untouched_as_a_form(server, one):
    values = dict(VALUES)
    edit = one.edit(values.pop("prompt"), PNG, transport="multipart", **values, nothing=None)
    parts = last(server).parts()
    fields = [(name, data.decode()) for name, file, _, data in parts if not file]
    listed = [value for name, value in fields if name in {"list[]", "object[d][]"}]
    assert listed == ["a", "1", "true", "1", "2"]
    assert {name: value for name, value in fields if not name.endswith("[]")} == FORM
    assert {name for name, *_ in parts if name not in dict(fields)} == {"image[]"}
    assert edit.request.params == {
        name: value for name, value in VALUES.items() if name not in {"prompt", "model", "n"}
    }


def test_what_is_left_out_is_not_sent(server, one):
    one.edit("x", PNG)
    assert last(server).fields() == {"model": OTHER, "prompt": "x"}


def test_a_mask_goes_as_a_png_whose_clear_pixels_are_edited(server, one):
    one.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 24, 48), size="1024x1024")
    field, name, mime, data = last(server).parts()[-1]
    assert (field, name, mime) == ("mask", "mask.png", "image/png")
    alpha = np.asarray(Image.open(io.BytesIO(data)).getchannel("A"))
    assert alpha.shape == (48, 48) and not alpha[:, :24].any() and (alpha[:, 24:] == 255).all()
    assert images(server)[0][2] == PNG


# What is found beforehand


def animated() -> bytes:
    return encoded(photo(), "GIF", save_all=True, append_images=[photo().rotate(90)])


REFUSED: dict[str, Any] = {
    "empty prompt": ((" \n", PNG), {}),
    "prompt no text": ((PNG, "a red hat"), {}),
    "half a character": (("\ud800", PNG), {}),
    "no picture": (("x",), {}),
    "17 pictures": (("x", *[PNG] * 17), {}),
    "n = 0": (("x", PNG), {"n": 0}),
    "n = 11": (("x", PNG), {"n": 11}),
    "n = True": (("x", PNG), {"n": True}),
    "n = '2'": (("x", PNG), {"n": "2"}),
    "n = 1.0": (("x", PNG), {"n": 1.0}),
    "compression -1": (("x", PNG), {"output_compression": -1}),
    "compression 101": (("x", PNG), {"output_compression": 101}),
    "compression True": (("x", PNG), {"output_compression": True}),
    "compression text": (("x", PNG), {"output_compression": "50"}),
    "transparent jpeg": (("x", PNG), {"background": "transparent", "output_format": "jpeg"}),
    "take 0": (("x", PNG), {"take": 0}),
    "take True": (("x", PNG), {"take": True}),
    "take text": (("x", PNG), {"take": "2"}),
    "no model": (("x", PNG), {"model": " "}),
    "transport": (("x", PNG), {"transport": "pigeon"}),
    "timeout 0": (("x", PNG), {"timeout": 0}),
    "timeout nan": (("x", PNG), {"timeout": float("nan")}),
    "replay": (("x", PNG), {"replay": "maybe"}),
    "stream": (("x", PNG), {"stream": True}),
    "own field": (("x", PNG), {"images": []}),
    "no JSON": (("x", PNG), {"extra": object()}),
    "empty mask": (("x", PNG), {"mask": Mask((48, 48))}),
    "mask of another size": (("x", PNG), {"mask": Mask((47, 48)).fill()}),
    "opaque mask": (("x", PNG), {"mask": photo().convert("RGBA")}),
    "no file": (("x", "nowhere.png"), {}),
    "a folder": (("x", "."), {}),
    "text": (("x", b"hello"), {}),
    "empty": (("x", b""), {}),
    "cut off": (("x", PNG[:-20]), {}),
    "animated": (("x", animated()), {}),
    "http": (("x", "http://example.com/a.png"), {}),
    "wrong data url": (("x", "data:image/png;base64,@@"), {}),
    "a number": (("x", 7), {}),
    "channels first": (("x", np.zeros((3, 48, 48), np.uint8)), {}),
    "values out of range": (("x", np.full((48, 48), 2.0)), {}),
    "extended by nothing": (("x", PNG), {"extend": "0,0,0,0"}),
    "second picture broken": (("x", PNG, b"hello"), {}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_be_found_beforehand_is_neither_sent_nor_kept(server, one, case):
    arguments, options = REFUSED[case]
    before = server.connections
    with pytest.raises(errors.BadRequest) as caught:
        one.edit(*arguments, **options)
    assert caught.value.paid == "no" and caught.value.hint and caught.value.status is None
    assert server.connections == before and not one.history.folder.exists()


def test_a_file_of_50_mb_is_too_large_and_one_below_is_not(server, one, tmp_path):
    path = tmp_path / "big.png"
    before = server.connections
    path.write_bytes(PNG + bytes(50_000_000 - len(PNG)))
    with pytest.raises(errors.BadImage, match=r"50\.0 MB"):
        one.edit("x", path)
    assert server.connections == before and not one.history.folder.exists()
    path.write_bytes(PNG + bytes(49_999_999 - len(PNG)))
    one.edit("x", path)
    assert len(images(server)[0][2]) == 49_999_999
