"""Result cards and the large pictures behind them: small, in the right geometry, honest when one is gone."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skimage.data
from photos import encoded, photo
from PIL import Image

from requesty_nb import display
from requesty_nb.errors import BadImage, BadRequest, HistoryFault
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session
from requesty_nb.widgets.results import result_card, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Edit

COFFEE = Image.fromarray(skimage.data.coffee())  # 600 x 400
LEFT = (0, 0, 200, 400)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    assert image.format in {"JPEG", "WEBP"}
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def apart(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures of one size lie apart, on average of 255."""
    pair = [np.asarray(image.convert("RGB")).astype(int) for image in (one, other)]
    return float(np.abs(pair[0] - pair[1]).mean())


@pytest.fixture(scope="module")
def offline(tmp_path_factory) -> Iterator[Session]:
    with Session(history=tmp_path_factory.mktemp("offline"), model="offline/leaky") as one:
        yield one


@pytest.fixture(scope="module")
def masked(offline) -> Edit:
    return offline.edit("a red cup", COFFEE, mask=Mask((600, 400)).rect(*LEFT), size="1024x1024", n=2)


@pytest.fixture(scope="module")
def plain(offline) -> Edit:
    return offline.edit("sepia", COFFEE, size="1024x1024", model="offline/painter")


def test_a_card_says_what_the_contract_names(masked):
    card = result_card(masked)
    assert list(card) == ["id", "prompt", "headline", "facts", "thumbs", "sizes", "masked", "leak"]
    assert (card["id"], card["prompt"]) == (masked.id, "a red cup")
    assert card["headline"] == display.headline(masked, ways=False) and "--" not in card["headline"]
    assert card["facts"] == [list(fact) for fact in display.facts(masked)]
    assert card["sizes"] == [[600, 400]] * 2 and card["masked"] is True
    worst = masked.leaks.index(masked.leak) + 1
    assert f"changed in raw result {worst}, by" in card["leak"]


def test_without_a_mask_nothing_is_said_of_a_leak(plain):
    card = result_card(plain)
    assert (card["masked"], card["leak"], card["sizes"]) == (False, "", [[1024, 1024]])


def test_thumbnails_are_small_and_of_the_restored_pictures(masked):
    for data, picture in zip(result_card(masked)["thumbs"], masked.restored, strict=True):
        thumb = opened(data)
        assert thumb.size == (192, 128) and len(data) <= 8_000
        assert apart(thumb, picture.pil.resize(thumb.size)) < 6


def test_even_noise_is_a_thumbnail_of_about_eight_kilobytes(offline):
    grain = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    edit = offline.edit("x", Image.fromarray(grain), mask=Mask((400, 400)).rect(0, 0, 40, 40))
    [data] = result_card(edit)["thumbs"]
    assert len(data) <= 10_000


@pytest.mark.parametrize("index", [0, 1])
def test_a_masked_edit_is_shown_as_source_restored_received_and_heat(masked, index):
    message, buffers = shown(masked, index)
    assert message == {
        "k": "shown",
        "id": masked.id,
        "i": index,
        "size": [600, 400],
        "received": [1024, 1024],
    }
    source, restored, received, heat = map(opened, buffers)
    assert source.size == restored.size == heat.size == (600, 400) and received.size == (1024, 1024)
    assert apart(source, COFFEE) < 5 and apart(restored, masked.restored[index].pil) < 5
    assert apart(received, masked.images[index].pil) < 5
    right = (240, 0, 600, 400)
    assert apart(source.crop(right), restored.crop(right)) == 0
    alpha = np.asarray(heat.getchannel("A"))
    assert alpha[:, :200].max() < 16 and alpha[:, 240:].max() > 100


def test_an_unmasked_edit_is_shown_with_its_source_in_the_middle_of_its_shape(plain):
    message, buffers = shown(plain, 0)
    assert message["size"] == message["received"] == [1024, 1024] and len(buffers) == 3
    source = opened(buffers[0])
    assert source.size == (1024, 1024) and buffers[1] == buffers[2]
    top = (1024 - 683) // 2
    alpha = np.asarray(source.getchannel("A"))
    assert alpha[: top - 1].max() == 0 and alpha[top + 1 : top + 682].min() == 255
    inside = source.crop((0, top, 1024, top + 683)).resize((600, 400))
    assert apart(inside, COFFEE) < 5


def test_under_extend_the_source_lies_on_a_transparent_canvas_where_it_was_put(offline):
    edit = offline.edit("more", photo(200, 150), extend="40,60,20,10")
    message, buffers = shown(edit, 0)
    source, restored = opened(buffers[0]), opened(buffers[1])
    assert message["size"] == [260, 220] and source.size == restored.size == (260, 220)
    alpha = np.asarray(source.getchannel("A"))
    assert alpha[60:210, 40:240].min() == 255
    outside = alpha.copy()
    outside[60:210, 40:240] = 0
    assert outside.max() == 0
    box = (44, 64, 236, 206)
    assert apart(source.crop(box), restored.crop(box)) < 3


def test_large_pictures_are_shown_at_most_1024_pixels_a_side_and_still_fit(offline):
    large = COFFEE.resize((1500, 1000))
    edit = offline.edit("x", encoded(large, "JPEG"), mask=Mask((1500, 1000)).rect(0, 0, 500, 1000))
    message, buffers = shown(edit, 0)
    assert message["size"] == [1500, 1000]
    source, restored, _, heat = map(opened, buffers)
    assert source.size == restored.size == heat.size == (1024, 683)
    right = (380, 0, 1024, 683)
    assert apart(source.crop(right), restored.crop(right)) == 0


def test_of_a_source_given_by_reference_the_canvas_is_empty(tmp_path):
    import msgspec

    from requesty_nb.models import Edit as Made

    with Session(history=tmp_path, model="offline/painter") as one:
        edit = one.edit("x", photo(), size="1024x1024")
    url = "https://example.org/a.png"
    ref = msgspec.structs.replace(
        edit.request.images[0], digest=f"url:{url}", name=url, size=None, stored="", mime=""
    )
    request = msgspec.structs.replace(edit.request, images=(ref,))
    referred = Made(msgspec.structs.replace(edit.record, request=request), edit.read)
    _, buffers = shown(referred, 0)
    source = opened(buffers[0])
    assert source.size == (1024, 1024) and source.getchannel("A").getextrema() == (0, 0)


@pytest.mark.parametrize("index", [-1, 2])
def test_a_picture_that_is_not_there_is_a_bad_request(masked, index):
    with pytest.raises(BadRequest, match="no picture"):
        shown(masked, index)


@pytest.mark.parametrize("which", ["source", "restored", "received"])
def test_a_missing_or_damaged_picture_is_told(tmp_path, which):
    with Session(history=tmp_path, model="offline/painter") as one:
        edit = one.edit("x", photo(), mask=Mask((48, 48)).rect(0, 0, 20, 48), size="1024x1024")
        digests: dict[str, Any] = {
            "source": edit.request.images[0].stored,
            "restored": edit.restored[0].digest,
            "received": edit.images[0].digest,
        }
        path = one.history.objects.path(digests[which])
        path.write_bytes(b"something else")
        with pytest.raises(HistoryFault, match="damaged"):
            shown(edit, 0)
        path.unlink()
        with pytest.raises(HistoryFault, match="missing"):
            shown(edit, 0)
        if which == "restored":
            with pytest.raises(HistoryFault, match="missing"):
                result_card(edit)


def test_a_picture_that_cannot_be_decoded_is_told_with_its_number(plain):
    from requesty_nb.models import Edit as Made

    broken = Made(plain.record, lambda _: encoded(photo())[:60])
    with pytest.raises(BadImage, match=r"^Picture 1: it is damaged"):
        result_card(broken)
