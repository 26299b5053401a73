import base64
import functools
import hashlib
import io
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from skimage import data

from requesty_nb import images
from requesty_nb.errors import BadImage
from requesty_nb.images import Blob, Source, load

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"


@functools.cache
def photo() -> Image.Image:
    return Image.fromarray(data.chelsea())


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_orientation(image: Image.Image, kind: str, value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(image, kind, exif=exif)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def same(one: Image.Image, two: Image.Image) -> bool:
    return one.mode == two.mode and one.size == two.size and one.tobytes() == two.tobytes()


def far(one: Image.Image, two: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(two, float)).mean())


def message(error: pytest.ExceptionInfo[BadImage]) -> str:
    return f"{error.value.message} | {error.value.hint}"


# --- blobs


def test_a_blob_of_bytes_and_of_a_file_read_alike(tmp_path: Path) -> None:
    body = os.urandom(700_001)
    path = tmp_path / "a"
    path.write_bytes(body)
    for blob in (Blob.of(body), Blob.at(path), Blob.made(lambda: body)):
        assert blob.length == len(body)
        assert blob.read() == body == b"".join(blob.pieces())
        assert all(len(piece) <= 1000 for piece in blob.pieces(1000))
        assert blob.digest == hashlib.sha256(body).hexdigest()
        with blob.open() as file:
            file.seek(5)
            assert file.read(5) == body[5:10]


def test_streaming_a_blob_to_its_end_gives_its_digest_without_a_second_reading(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 600_000)
    blob = Blob.at(path)
    assert b"".join(blob.pieces()) == b"x" * 600_000
    path.unlink()
    assert blob.digest == hashlib.sha256(b"x" * 600_000).hexdigest()


def test_a_file_that_changes_while_in_use_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x" * 600_000)
    blob, under_way = Blob.at(path), Blob.at(path).pieces()
    next(under_way)
    path.write_bytes(b"y" * 600_001)
    for use in (blob.read, lambda: list(blob.pieces()), lambda: list(under_way), lambda: blob.digest):
        with pytest.raises(BadImage, match=r"a\.png was changed"):
            use()
    path.unlink()
    with pytest.raises(BadImage, match="cannot be read"):
        blob.read()


def test_a_made_blob_is_made_once_whoever_asks_first() -> None:
    calls = []

    def make() -> bytes:
        calls.append(1)
        return b"made"

    blob = Blob.made(make)
    threads = [threading.Thread(target=blob.read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (calls, blob.length) == ([1], 4)


def test_a_blob_cannot_be_changed_through_the_buffer_it_came_from() -> None:
    buffer = bytearray(b"abc")
    blob = Blob.of(buffer)
    buffer[0] = 0
    assert blob.read() == b"abc"


# --- what goes as it is


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(kind, mode) for kind in ("PNG", "WEBP") for mode in ("L", "LA", "RGB", "RGBA")]
    + [("JPEG", "L"), ("JPEG", "RGB")],  # JPEG has no alpha
)
def test_accepted_files_go_byte_for_byte_and_are_known_by_their_bytes(
    tmp_path: Path, kind: str, mode: str
) -> None:
    image = photo().convert(mode)
    if "A" in mode:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    body = encoded(image, kind)
    path = tmp_path / "fox.dat"  # the suffix says nothing: the bytes do
    path.write_bytes(body)
    source = load(path)
    assert source.given is source.sent
    assert source.sent is not None
    assert source.sent.read() == body
    assert source.digest == "sha256:" + hashlib.sha256(body).hexdigest()
    assert (source.size, source.notes, source.reference) == (photo().size, (), "")
    assert source.mime == f"image/{kind.lower()}"
    assert source.name == f"fox{images.suffix_for(source.mime)}"
    assert source.pixels().mode == {"LA": "RGBA", "L": "L" if kind != "WEBP" else "RGB"}.get(mode, mode)


@pytest.mark.parametrize(
    ("given_name", "kind", "sent_name"),
    [
        ("a.JPG", "JPEG", "a.JPG"),
        ("a.jpeg", "JPEG", "a.jpeg"),
        ("a.png", "JPEG", "a.jpg"),
        ("ä b", "PNG", "ä b.png"),
    ],
)
def test_the_name_sent_fits_the_bytes(tmp_path: Path, given_name: str, kind: str, sent_name: str) -> None:
    (tmp_path / given_name).write_bytes(encoded(photo(), kind))
    assert load(tmp_path / given_name).name == sent_name


def test_only_the_header_of_an_accepted_file_is_read(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (2000, 1500), os.urandom(9_000_000))
    path = tmp_path / "noise.png"
    path.write_bytes(encoded(noise, "PNG", compress_level=0))
    counted = 0

    class Counting(io.FileIO):
        def readinto(self, buffer: memoryview) -> int:
            nonlocal counted
            got = super().readinto(buffer) or 0
            counted += got
            return got

    length = path.stat().st_size
    with io.BufferedReader(Counting(path), 4096) as file:
        assert images.headers.read_facts(file, length).size == (2000, 1500)
    assert counted < length / 4


def test_every_way_to_give_the_same_bytes_is_the_same_picture(tmp_path: Path) -> None:
    body = encoded(photo(), "PNG")
    path = tmp_path / "fox.png"
    path.write_bytes(body)
    shifted = io.BytesIO(b"skip" + body)
    shifted.seek(4)

    class Offer:
        def __imgedit_source__(self) -> Path:
            return path

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = io.BytesIO(body)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            return self.rest.readinto(buffer)

    with path.open("rb") as handle:
        things = (
            path,
            str(path),
            body,
            bytearray(body),
            memoryview(body),
            handle,
            shifted,
            Pipe(),
            Offer(),
            Blob.of(body),
            load(path),
            "data:image/png;base64," + base64.b64encode(body).decode(),
        )
        digests = {load(thing).digest for thing in things}
        assert load(handle).digest in digests  # the position was put back
        assert load(handle).name == "fox.png"
        assert not handle.closed
    assert shifted.tell() == 4
    assert len(digests) == 1


def test_a_picture_with_companions_is_a_jpeg_and_goes_as_it_is() -> None:
    body = encoded(photo(), "MPO", save_all=True, append_images=[photo().resize((40, 30))])
    source = load(body)
    assert (source.mime, source.given is source.sent, source.size) == (JPEG, True, photo().size)
    assert source.pixels().size == photo().size


def test_a_jpeg_that_a_phone_has_appended_a_film_to_is_whole() -> None:
    assert load(encoded(photo(), "JPEG") + b"\0ftypmp42" * 5000).mime == JPEG


def test_a_profile_travels_with_an_untouched_file_and_is_applied_to_its_pixels() -> None:
    profile = wide_profile()
    body = encoded(photo(), "PNG", icc_profile=profile)
    source = load(body)
    assert source.given is source.sent
    assert source.notes == ()
    assert far(source.pixels(), photo()) > 2
    assert "icc_profile" not in source.pixels().info
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert same(load(encoded(photo(), "PNG", icc_profile=srgb)).pixels(), photo())


def wide_profile() -> bytes:
    """Make a profile with red and blue swapped primaries' tags, so that it visibly differs from sRGB."""
    body = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(body[128:132], "big")
    at = {bytes(body[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    body[red + 4 : red + 12], body[blue + 4 : blue + 12] = (
        body[blue + 4 : blue + 12],
        body[red + 4 : red + 12],
    )
    return bytes(body)


# --- what is converted


@pytest.mark.parametrize("value", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_exif_orientation_is_baked_in_and_the_given_bytes_stay_the_identity(kind: str, value: int) -> None:
    body = with_orientation(photo(), kind, value)
    with Image.open(io.BytesIO(body)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    source = load(body)
    assert source.sent is not None
    assert source.size == upright.size
    assert images.UPRIGHT_NOTE in source.notes
    assert source.mime == PNG
    sent = Image.open(io.BytesIO(source.sent.read()))
    assert same(sent.convert("RGB"), upright)
    assert sent.getexif().get(0x0112, 1) == 1
    assert same(source.pixels(), upright)
    assert source.digest == "sha256:" + hashlib.sha256(body).hexdigest()


def test_an_upright_orientation_changes_nothing() -> None:
    assert load(with_orientation(photo(), "JPEG", 1)).notes == ()


def test_orientation_is_found_wherever_png_and_big_endian_exif_put_it() -> None:
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    body = encoded(photo(), "PNG")
    late = body[:-12] + chunk(b"eXIf", exif) + body[-12:]
    assert load(late).size == photo().size[::-1]


@pytest.mark.parametrize(
    ("mode", "kind", "note", "result"),
    [
        ("1", "PNG", "1 bit grey", "L"),
        ("P", "PNG", "palette", "RGB"),
        ("I;16", "PNG", "16 bits", "L"),
        ("I;16", "TIFF", "16 bits", "L"),
        ("I", "TIFF", "integer grey", "L"),
        ("F", "TIFF", "floating point", "L"),
        ("CMYK", "JPEG", "CMYK", "RGB"),
        ("CMYK", "TIFF", "CMYK", "RGB"),
        ("LAB", "TIFF", "TIFF", "RGB"),
    ],
)
def test_other_modes_become_eight_bits_with_a_note(mode: str, kind: str, note: str, result: str) -> None:
    image = photo()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(photo().convert("L")).astype(np.uint16) * 257)
    elif mode == "LAB":
        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        image = image.convert("L" if mode in "IF" else "RGB").convert(mode)
    source = load(encoded(image, kind))
    assert source.sent is not None
    assert any(note in told for told in source.notes)
    assert source.mime == PNG
    sent = images.decode(source.sent.read())
    assert sent.mode == result
    assert same(sent, source.pixels())
    wanted = image.convert("L") if mode == "1" else photo().convert(result)
    assert far(sent, wanted) < (25 if mode == "P" else 6)


def test_sixteen_bit_colour_is_reduced_with_a_note() -> None:
    rows = b"".join(b"\0" + b"\x80\x12\x40\x34\xff\xff" * 4 for _ in range(3))
    source = load(raw_png(4, 3, 16, 2, rows))
    assert source.notes == ("16 bits a channel reduced to 8",)
    assert source.pixels().getpixel((1, 1)) == (0x80, 0x40, 0xFF)


def test_transparency_by_palette_or_by_one_colour_becomes_alpha() -> None:
    palette = photo().quantize(8)
    by_palette = load(encoded(palette, "PNG", transparency=3))
    by_colour = load(encoded(photo(), "PNG", transparency=photo().getpixel((5, 5))))
    for source in (by_palette, by_colour):
        assert source.notes
        assert source.pixels().mode == "RGBA"
        assert source.pixels().getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "ICO", "TGA", "PPM"])
def test_other_formats_are_sent_as_png_with_a_note(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "fox.old"
    path.write_bytes(encoded(photo().resize((128, 96)), kind))
    source = load(path)
    assert source.sent is not None
    assert source.notes[0].startswith(kind)
    assert (source.mime, source.name) == (PNG, "fox.png")
    assert source.size is not None
    assert images.inspect(source.sent.read()) == (PNG, source.size)
    assert source.digest.startswith("sha256:")


def test_what_an_endpoint_does_not_take_is_converted() -> None:
    source = load(encoded(photo(), "WEBP", lossless=True), accepts=frozenset((PNG, JPEG)))
    assert source.sent is not None
    assert source.notes == ("WEBP is not taken by the endpoint: converted",)
    assert same(images.decode(source.sent.read()), photo())
    again = load(load(encoded(photo(), "WEBP")), accepts=frozenset((PNG, JPEG)))
    assert (again.mime, again.name) == (PNG, "image.png")


def test_cmyk_goes_through_its_profile_and_a_broken_profile_is_told() -> None:
    cmyk = encoded(photo().convert("CMYK"), "JPEG", icc_profile=b"not a profile")
    assert load(cmyk).notes == ("CMYK converted to RGB", "its broken colour profile was ignored")
    assert load(cmyk).pixels().mode == "RGB"
    turned = encoded(photo(), "TIFF", icc_profile=wide_profile())
    source = load(turned)
    assert source.sent is not None
    assert far(images.decode(source.sent.read()), photo()) > 2


def test_a_picture_too_large_to_turn_without_loss_is_sent_as_a_fine_jpeg() -> None:
    rows = Image.linear_gradient("L").resize((4200, 4000)).convert("RGB")
    source = load(with_orientation(rows, "JPEG", 3))
    assert source.sent is not None
    assert source.mime == JPEG
    assert source.name == "image.jpg"
    assert far(images.decode(source.sent.read()).reduce(8), source.pixels().reduce(8)) < 1


# --- images in memory


def test_images_in_memory_are_known_by_their_pixels_and_encoded_only_on_use() -> None:
    one, two = load(photo()), load(np.asarray(photo()))
    assert one.given is None
    assert one.digest == two.digest
    assert one.digest.startswith("pixels:")
    assert repr(one.sent) == "Blob(not made yet)"
    assert one.sent is not None
    assert same(images.decode(one.sent.read()), photo())
    assert one.digest != load(photo().convert("L")).digest


def test_an_image_changed_after_loading_does_not_change_what_is_sent() -> None:
    image = photo().copy()
    source = load(image)
    image.paste((0, 0, 0), (0, 0, 100, 100))
    assert source.sent is not None
    assert same(images.decode(source.sent.read()), photo())
    drawn = source.pixels()
    drawn.paste((0, 0, 0), (0, 0, 100, 100))
    assert same(source.pixels(), photo())


def test_an_opened_file_is_turned_upright_and_a_copy_that_was_turned_is_not_turned_again() -> None:
    opened = Image.open(io.BytesIO(with_orientation(photo(), "PNG", 6)))
    assert same(load(opened).pixels(), photo().transpose(Image.Transpose.ROTATE_270))
    by_hand = opened.transpose(Image.Transpose.ROTATE_270)
    assert load(by_hand).size == by_hand.size


def test_the_frame_a_user_chose_of_an_animation_is_taken() -> None:
    film = encoded(
        photo().quantize(16), "GIF", save_all=True, append_images=[photo().rotate(90).quantize(16)], loop=0
    )
    opened = Image.open(io.BytesIO(film))
    opened.seek(1)
    assert same(load(opened).pixels(), opened.convert("RGB"))


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (np.zeros((4, 5), np.uint8), "L"),
        (np.zeros((4, 5, 1), np.uint8), "L"),
        (np.zeros((4, 5, 2), np.uint8), "RGBA"),
        (np.zeros((4, 5, 3), np.uint8), "RGB"),
        (np.zeros((4, 5, 4), np.uint8), "RGBA"),
        (np.ones((4, 5), bool), "L"),
    ],
)
def test_arrays_of_every_shape_are_pictures(array: np.ndarray, mode: str) -> None:
    source = load(array)
    assert (source.size, source.pixels().mode, source.notes) == ((5, 4), mode, ())


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0, 32896, 65535]], np.uint16), [0, 128, 255]),
        (np.array([[0, 128, 255]], np.int64), [0, 128, 255]),
    ],
)
def test_other_types_are_scaled_with_a_note(array: np.ndarray, expected: list[int]) -> None:
    source = load(array)
    assert list(source.pixels().tobytes()) == expected
    assert len(source.notes) == 1


def test_strided_and_foreign_arrays_are_read() -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return np.asarray(photo())[:, ::-1]

    assert same(load(Tensor()).pixels(), ImageOps.mirror(photo()))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((4, 4), np.nan), "nan"),
        (np.full((4, 4), 1.5), "run from 1.5 to 1.5"),
        (np.full((4, 4), -1), "run from -1"),
        (np.zeros((3, 40, 50), np.uint8), "channels seem to come first"),
        (np.zeros((4, 4, 7), np.uint8), "4 x 4 x 7"),
        (np.zeros(4, np.uint8), "no picture"),
        (np.zeros((0, 4), np.uint8), "no pixels"),
        (np.array([["a"]]), "holds no pixels"),
        (np.zeros((2, 2), complex), "holds no pixels"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused_in_words(array: np.ndarray, words: str) -> None:
    with pytest.raises(BadImage, match=words):
        load(array)


# --- references


def test_references_are_passed_on_untouched() -> None:
    url = load("https://example.org/a/b%20c.png?x=1")
    assert (url.reference, url.name, url.given, url.sent, url.size) == (
        "https://example.org/a/b%20c.png?x=1",
        "b c.png",
        None,
        None,
        None,
    )
    assert url.digest == "url:https://example.org/a/b%20c.png?x=1"
    assert url.notes == (images.URL_NOTE,)
    assert load("file-Ab3_x").digest == "file:file-Ab3_x"
    with pytest.raises(BadImage, match="not here"):
        url.pixels()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://example.org/a.png", "https://"),
        ("ftp://example.org/a.png", "cannot be fetched"),
        ("https://", "no URL"),
        ("https://a b/", "no URL"),
        ("https://[", "no URL"),
        ("data:image/png,abc", "not in base64"),
        ("data:image/png;base64,ab*c", "no clean base64"),
        ("data:image/png;base64,YW Jj", "no clean base64"),
        ("data:image/png;base64,", "empty"),
        ("x" * 5000, "cannot be read"),
        ("a\0b", "cannot be read"),
    ],
)
def test_text_that_leads_nowhere_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadImage, match=words) as error:
        load(text)
    assert len(str(error.value)) < 400


# --- what is refused


def test_a_missing_file_offers_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "Sunset.jpg").touch()
    (tmp_path / "other.txt").touch()
    with pytest.raises(BadImage) as error:
        load(tmp_path / "sunst.jpg")
    assert "There is no file" in message(error)
    assert str(tmp_path / "Sunset.jpg") in message(error)
    assert "other" not in message(error)
    with pytest.raises(BadImage, match="no file"):
        load(tmp_path / "missing" / "a.png")


def test_folders_pipes_and_other_objects_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for thing, words in (
        (tmp_path, "a folder"),
        ("", "a folder"),
        (tmp_path / "pipe", "no regular file"),
        (b"", "empty"),
        (None, "NoneType is no picture"),
        (3, "int is no picture"),
        ([photo()], "list is no picture"),
        (io.StringIO("x"), "open for text"),
        (Image.new("RGB", (0, 4)), "no pixels"),
    ):
        with pytest.raises(BadImage, match=words):
            load(thing)


@pytest.mark.skipif(os.name != "posix", reason="permissions work otherwise here")
def test_a_file_one_may_not_read_is_refused() -> None:
    # Root may read everything, so for once it is somebody else; in a folder that others may enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "a.png"
        path.write_bytes(encoded(photo(), "PNG"))
        path.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65_534)
        try:
            with pytest.raises(BadImage, match="cannot be read"):
                load(path)
        finally:
            os.seteuid(user)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"hello, this is text", "cannot be read as a picture"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg xmlns=''>", "SVG"),
        (b"%PDF-1.7", "document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "document"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow-heif"),
        (b"\x89PNG\r\n\x1a\n", "cut short"),
        (b"\xff\xd8\xff\xe0", "cut short"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "cut short"),
    ],
)
def test_bytes_that_are_no_picture_are_named(body: bytes, words: str) -> None:
    with pytest.raises(BadImage) as error:
        load(body)
    assert words in message(error)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_animations_and_several_pages_are_refused(kind: str) -> None:
    small = photo().resize((40, 30))
    body = encoded(small, kind, save_all=True, append_images=[small.rotate(90), small.rotate(180)])
    with pytest.raises(BadImage, match="3 frames or pages") as error:
        load(body)
    assert "seek()" in message(error)


def test_an_animation_of_one_frame_is_a_picture() -> None:
    small = photo().resize((40, 30))
    body = encoded(small, "WEBP", save_all=True, append_images=[small.rotate(90)])
    first = body.index(b"ANMF")
    length = 8 + int.from_bytes(body[first + 4 : first + 8], "little")
    one = body[: first + length]
    one = one[:4] + (len(one) - 8).to_bytes(4, "little") + one[8:]
    assert load(one).mime == PNG
    assert load(one).pixels().size == (40, 30)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_cut_short_is_refused_before_it_is_decoded(kind: str) -> None:
    body = encoded(photo(), kind)
    for length in (20, 60, len(body) // 2, len(body) - 2):
        with pytest.raises(BadImage, match="damaged") as error:
            load(body[:length])
        assert "cut short" in message(error) or "no picture data" in message(error)


def test_damage_that_only_decoding_shows_is_refused_then() -> None:
    body = bytearray(encoded(photo(), "PNG"))
    middle = body.index(b"IDAT") + 100
    body[middle : middle + 400] = bytes(400)
    source = load(bytes(body))
    with pytest.raises(BadImage, match="damaged"):
        source.pixels()
    turned = load(with_orientation(photo(), "TIFF", 6)[:-5000])
    assert turned.sent is not None
    with pytest.raises(BadImage, match="The picture: it is damaged"):
        _ = turned.sent.length


def test_a_bomb_is_refused_by_its_header_and_a_large_picture_warns_nobody() -> None:
    with pytest.raises(BadImage, match="20000 x 20000"):
        load(raw_png(20_000, 20_000, 8, 0, b""))
    bitmap = encoded(Image.new("L", (1, 1)), "BMP")
    bomb = bitmap[:18] + struct.pack("<ii", 30_000, 30_000) + bitmap[26:]
    with pytest.raises(BadImage, match="too many"):
        load(bomb)
    large = load(raw_png(12_000, 8_000, 1, 0, b"\0" * (1501 * 8000)))  # more than Pillow warns of
    assert large.pixels().size == (12_000, 8_000)
    with pytest.raises(BadImage, match="too many"):
        images.decode(raw_png(20_000, 20_000, 8, 0, b""))


def test_more_than_fifty_megabytes_are_refused_with_the_size(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    body = encoded(photo(), "PNG")
    path.write_bytes(body[:-12] + chunk(b"teSt", bytes(60_000_000)) + body[-12:])
    with pytest.raises(BadImage, match=r"big\.png: it would be sent as 60\.\d MB") as error:
        load(path)
    assert "thumbnail" in message(error)


def open_files() -> int:
    listing = Path("/proc/self/fd")
    return len(list(listing.iterdir())) if listing.exists() else 0


def test_no_file_is_left_open_whatever_happens(tmp_path: Path) -> None:
    before = open_files()
    kept = []
    for name, body in {
        "a.png": encoded(photo(), "PNG"),
        "b.jpg": with_orientation(photo(), "JPEG", 6),
        "c.tif": encoded(photo(), "TIFF"),
        "d.txt": b"text",
        "e.png": encoded(photo(), "PNG")[:5000],
    }.items():
        (tmp_path / name).write_bytes(body)
        try:
            source = load(tmp_path / name)
            assert source.sent is not None
            kept.append((source, source.sent.length, source.pixels()))
        except BadImage as error:
            kept.append((error, 0, None))
    after = open_files()
    assert after == before


# --- proofs of what was received


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_whole_picture_is_proven_with_its_type_and_size(kind: str) -> None:
    body = encoded(photo(), kind)
    assert images.examine(body, max_pixels=10**6) == (f"image/{kind.lower()}", photo().size)
    with pytest.raises(ValueError, match="451 x 300 pixels, more than 1000"):
        images.examine(body, max_pixels=1000)


@functools.cache
def received() -> dict[str, bytes]:
    small = photo().resize((90, 60))
    return {
        "png": encoded(small, "PNG"),
        "jpeg": encoded(small, "JPEG"),
        "progressive": encoded(small, "JPEG", progressive=True),
        "webp": encoded(small, "WEBP"),
        "alpha": encoded(small.convert("RGBA"), "WEBP", lossless=True),
    }


@given(st.sampled_from(list(received())), st.data())
@settings(max_examples=150, deadline=None)
def test_no_cut_picture_is_proven(kind: str, draw: st.DataObject) -> None:
    body = received()[kind]
    length = draw.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ValueError, match="it "):
        images.examine(body[:length])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_png_with_a_changed_bit_is_proven(draw: st.DataObject) -> None:
    body = bytearray(received()["png"])
    bit = draw.draw(st.integers(0, 8 * len(body) - 1))
    body[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"."):
        images.examine(bytes(body))


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\0\0\0WEBP", b""]),
    st.binary(max_size=300),
)
@settings(max_examples=200, deadline=None)
def test_rubbish_is_refused_as_a_value_error_and_nothing_else(start: bytes, rest: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        images.examine(start + rest)
    with pytest.raises(BadImage):
        load(start + rest)


def test_proving_a_large_png_takes_no_time_to_speak_of() -> None:
    noise = np.random.default_rng(0).integers(0, 40, (1024, 1024, 3), np.uint8)
    body = encoded(Image.fromarray(noise), "PNG", compress_level=1)
    assert len(body) > 1_500_000
    images.examine(body)
    start = time.perf_counter()
    images.examine(body)
    assert time.perf_counter() - start < 0.02


# --- pixels out


def test_previews_are_small_webp_of_the_right_shape_and_keep_alpha() -> None:
    thumb = images.preview(Image.fromarray(data.astronaut()).resize((1536, 1024)), 256)
    assert images.inspect(thumb) == (WEBP, (256, 171))
    assert len(thumb) < 16_000
    clear = photo().convert("RGBA")
    clear.putalpha(0)
    assert Image.open(io.BytesIO(images.preview(clear, 64))).getchannel("A").getextrema() == (0, 0)
    assert images.inspect(images.preview(photo(), 4000))[1] == photo().size
    assert images.inspect(images.preview(Image.new("L", (9000, 1)), 90))[1] == (90, 1)


def test_a_source_previews_a_large_jpeg_upright_from_a_reduced_decoding() -> None:
    body = with_orientation(photo().resize((1804, 1200)), "JPEG", 6)
    small = load(body).reduced(300)
    assert max(small.size) == 300
    assert far(small, photo().transpose(Image.Transpose.ROTATE_270).resize(small.size)) < 8
    assert images.inspect(load(body).preview(300)) == (WEBP, small.size)


def test_encoding_a_png_loses_no_pixel_and_writes_no_metadata() -> None:
    image = photo().copy()
    image.info = {"icc_profile": wide_profile(), "transparency": (1, 2, 3)}
    body = images.encode_png(image, level=6)
    assert same(Image.open(io.BytesIO(body)).convert("RGB"), photo())
    assert b"iCCP" not in body
    assert b"tRNS" not in body
    assert image.info


def test_a_source_is_a_value() -> None:
    source = load(photo())
    with pytest.raises(AttributeError):
        source.name = "x"  # type: ignore[misc]
    assert isinstance(source, Source)
    assert "_held" not in repr(source)


def test_importing_the_room_does_not_import_numpy() -> None:
    code = "import sys, requesty_nb.images; sys.exit('numpy' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[1]).returncode
        == 0
    )
