"""What a picture file has already stays beside a recipe, and how much of one it holds."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from photos import encoded, photo
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from recipes import (
    KINDS,
    REQUEST,
    TAKEN_BY,
    asked,
    comment_of,
    edit_of,
    file_of,
    of_length,
    opened,
    said,
    with_exif,
)

from requesty_nb.errors import BadImage
from requesty_nb.provenance import (
    RecipeTooLong,
    recipe,
    recipe_of,
    sidecar,
    sidecar_path,
    with_recipe,
)
from requesty_nb.version import VERSION

# What a file has already


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_cameras_exif_stays(name, order):
    before = with_exif(name, order)
    made = recipe_of(edit_of(REQUEST))
    once, again = with_recipe(before, made), with_recipe(with_recipe(before, made), made)
    assert once == again and recipe(once) == made
    plain, copy = (opened(data).getexif() for data in (before, once))
    assert dict(copy) == dict(plain) and dict(copy) | TAKEN_BY == dict(copy)
    assert copy.get_ifd(ExifTags.IFD.GPSInfo) == {1: "N"}
    inner, old = copy.get_ifd(ExifTags.IFD.Exif), plain.get_ifd(ExifTags.IFD.Exif)
    assert {tag for tag in inner if inner[tag] != old.get(tag)} <= {ExifTags.Base.UserComment}


def test_exif_without_room_for_a_comment_gets_it():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 8
    before = encoded(photo(60, 40), "JPEG", exif=exif.tobytes())
    copy = opened(with_recipe(before, recipe_of(edit_of(REQUEST))))
    assert copy.getexif()[ExifTags.Base.Orientation] == 8 and comment_of(copy)


@pytest.mark.parametrize("cut", [0, 3, 9, 20, 40])
def test_of_damaged_exif_the_orientation_is_kept(cut):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    exif[ExifTags.Base.Make] = "ACME of somewhere"
    whole = exif.tobytes()
    data = encoded(photo(60, 40), "WEBP", exif=whole[: len(whole) - cut] if cut else b"Exif\0\0what")
    copy = opened(with_recipe(data, recipe_of(edit_of(REQUEST))))
    assert copy.getexif().get(ExifTags.Base.Orientation, 1) in ({3} if 0 < cut < 30 else {1})
    assert comment_of(copy)


@pytest.mark.parametrize("name", KINDS)
def test_profile_alpha_and_other_texts_stay(name):
    kind, how = KINDS[name]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = photo(60, 40)
    if kind != "JPEG":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    if kind == "PNG":
        texts = PngInfo()
        texts.add_text("Author", "me")
        texts.add_text("parameters", "an old one")
        texts.add_text("requesty_nb", "an old one", zip=True)
        how = {"pnginfo": texts}
    before = encoded(picture, kind, icc_profile=profile, **how)
    copy = opened(with_recipe(before, recipe_of(edit_of(REQUEST))))
    assert copy.info["icc_profile"] == profile
    assert (copy.mode, copy.tobytes()) == (picture.mode, opened(before).tobytes())
    if kind == "PNG":
        assert copy.info["Author"] == "me" and "old" not in copy.info["parameters"]


@pytest.mark.parametrize("name", KINDS)
def test_what_a_picture_says_of_its_owner_stays(name):
    old = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="uuid:1" xmlns:tool="http://ns.adobe.com/xap/1.0/" '
        b'tool:CreatorTool="GIMP" '
        b'tool:Rating="4" xmlns:t="http://purl.org/dc/terms/" t:provenance="https://example.org/a.c2pa" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/">\n<dc:rights>Me &amp; you</dc:rights></rdf:Description>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    kind, how = KINDS[name]
    if kind == "PNG":
        texts = PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", old.decode(), zip=True)
        before = encoded(photo(60, 40), kind, pnginfo=texts)
    else:
        before = encoded(photo(60, 40), kind, xmp=old, **how)
    values = said(opened(with_recipe(before, recipe_of(edit_of(REQUEST)))))
    assert (values["rights"], values["Rating"], values["about"]) == ("Me & you", "4", "uuid:1")
    assert values["CreatorTool"] == f"requesty_nb {VERSION}" and "provenance" not in values


def test_content_credentials_are_left_out_of_the_copy():
    made = recipe_of(edit_of(REQUEST))
    plain = file_of("PNG")
    box = b"caBX" + b"jumb c2pa manifest"

    chunk = (len(box) - 4).to_bytes(4, "big") + box + zlib.crc32(box).to_bytes(4, "big")
    assert with_recipe(plain[:33] + chunk + plain[33:], made) == with_recipe(plain, made)

    plain = file_of("JPEG")

    def segment(number: int, sequence: int, rest: bytes) -> bytes:
        body = b"JP" + number.to_bytes(2, "big") + sequence.to_bytes(4, "big") + b"\0\0\1\0jumb" + rest
        return b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body

    signed = segment(7, 1, b"\0\0\0\x1ejumdc2pa\0\x11\0\x10\x03c2pa\0") + segment(7, 2, b"continued")
    other = segment(8, 1, b"\0\0\0\x1ejumdsomething else\0")
    assert with_recipe(plain[:2] + signed + plain[2:], made) == with_recipe(plain, made)
    assert other in with_recipe(plain[:20] + other + plain[20:], made)

    plain = with_recipe(file_of("WebP"), made)
    more = b"C2PA" + (6).to_bytes(4, "little") + b"signed"
    grown = plain[:4] + (len(plain) - 8 + len(more)).to_bytes(4, "little") + plain[8:] + more
    assert with_recipe(grown, made) == plain


def test_an_animation_and_what_a_phone_appends_stay():
    frames = [photo(48, 48), photo(48, 48).rotate(90)]
    made = recipe_of(edit_of(REQUEST))
    for kind in ("WEBP", "PNG"):
        out = BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], lossless=True)
        copy = opened(with_recipe(out.getvalue(), made))
        copy.seek(1)
        assert copy.convert("RGB").tobytes() == frames[1].tobytes() and copy.n_frames == 2
    for name in KINDS:
        assert with_recipe(file_of(name) + b"appended", made).endswith(b"appended")


# How much fits


@pytest.mark.parametrize("filler", ["x", "é", "日", "xé", '"'])
@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_jpeg_and_webp_hold_60_kb_in_any_script(name, filler):
    made = recipe_of(edit_of(of_length(60_000, filler) if filler != '"' else of_length(30_000, filler)))
    copy = with_recipe(file_of(name), made)
    assert recipe(copy) == made
    assert opened(copy).tobytes() == opened(file_of(name)).tobytes()


@pytest.mark.parametrize("name", ["JPEG", "WebP"])
def test_what_is_longer_lies_beside_the_picture(name, tmp_path):
    made = recipe_of(edit_of(of_length(62_000)))
    with pytest.raises(RecipeTooLong, match="does not fit into a JPEG or WebP") as caught:
        with_recipe(file_of(name), made)
    assert "sidecar" in caught.value.hint
    path = tmp_path / f"a picture.{KINDS[name][0].lower()}"
    path.write_bytes(file_of(name))
    assert sidecar_path(path).name == f"{path.name}.json"
    sidecar_path(path).write_bytes(sidecar(made))
    assert recipe(path) == recipe(str(path)) == recipe(sidecar_path(path)) == made
    assert recipe(with_recipe(file_of("PNG"), made)) == made


def test_a_cameras_long_exif_leaves_less_room():
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[0x927C] = bytes(30_000)
    before = encoded(photo(60, 40), "JPEG", exif=exif.tobytes())
    assert recipe(with_recipe(before, recipe_of(edit_of(of_length(30_000))))).key
    with pytest.raises(RecipeTooLong, match="beside the 30"):
        with_recipe(before, recipe_of(edit_of(of_length(40_000))))


def test_what_is_in_the_picture_comes_before_what_lies_beside_it(tmp_path):
    inside, beside = recipe_of(edit_of(REQUEST)), recipe_of(edit_of(asked(prompt="another")))
    path = tmp_path / "a.png"
    path.write_bytes(with_recipe(file_of("PNG"), inside))
    sidecar_path(path).write_bytes(sidecar(beside))
    assert recipe(path) == inside
    path.write_bytes(file_of("PNG"))
    assert recipe(path) == beside
    sidecar_path(path).write_text('{"title": "a photo album\'s own"}')
    with pytest.raises(BadImage, match=r"a\.png has no recipe\."):
        recipe(path)
