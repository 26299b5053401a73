"""The cards: what they say, what they show, what they weigh, and that nothing in them can act."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import skimage.data
from cards import LIMIT, Card, weight
from PIL import Image, ImageFilter

from requesty_nb import Mask, Session, display
from requesty_nb.errors import BadImage, HistoryFault
from requesty_nb.frames import Leak
from requesty_nb.models import Cost, Edit, EditRecord, EditRequest, EditResult, Failure, ImageInfo, ImageRef

PHOTO = Image.fromarray(skimage.data.coffee())
NASTY = """<script>alert("1")</script> & <img src=x onerror='alert(2)'> "quoted" it's"""
SUFFIXES = {"PNG": "image/png", "WEBP": "image/webp", "JPEG": "image/jpeg"}


@dataclass
class Made:
    """A record made by hand, and the bytes that belong to it."""

    store: dict[str, bytes] = field(default_factory=dict)

    def info(self, image: Image.Image, kind: str = "PNG") -> ImageInfo:
        out = BytesIO()
        image.save(out, kind, compress_level=1)  # of a PNG: quickly
        digest = hashlib.sha256(out.getvalue()).hexdigest()
        self.store[digest] = out.getvalue()
        return ImageInfo(digest, SUFFIXES[kind], *image.size)

    def ref(self, image: Image.Image, name: str = "photo.png") -> ImageRef:
        info = self.info(image)
        digest = f"sha256:{info.sha256}"
        return ImageRef(digest=digest, name=name, mime=info.mime, size=image.size, stored=info.sha256)

    def read(self, sha256: str) -> bytes:
        if sha256 not in self.store:
            raise HistoryFault("The object is missing.")
        return self.store[sha256]

    def edit(
        self,
        results: list[Image.Image],
        *,
        prompt: str = "a red hat",
        source: ImageRef | None = None,
        model: str = "azure/openai/gpt-image-1.5",
        request: dict[str, Any] | None = None,
        result: dict[str, Any] | None = None,
        replayed: bool = False,
        **record: Any,
    ) -> Edit:
        images = (source or self.ref(PHOTO),)
        asked = EditRequest(prompt=prompt, model=model, **{"images": images, **(request or {})})
        came = EditResult(images=tuple(map(self.info, results)), **(result or {})) if results else None
        whole = {
            "id": "20261122T120000-0001",
            "key": asked.key,
            "take": 1,
            "state": "ok" if results else "failed",
            "request": asked,
            "started": datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
            "elapsed": 12.34,
            "result": came,
            **record,
        }
        return Edit(EditRecord(**whole), self.read, replayed=replayed)


def card_of(edit: Edit) -> Card:
    bundle = display.edit_bundle(edit)
    assert set(bundle) == {"text/html", "text/plain"}
    assert weight(bundle) <= LIMIT
    return Card(bundle["text/html"])


@pytest.fixture(scope="module")
def painted() -> Edit:
    mask = Mask((600, 400)).rect(0, 0, 300, 400)
    with Session(history=False, model="offline/painter") as session:
        return session.edit("a watercolour", PHOTO, mask=mask, size="1536x1024", tags=["draft"])


def test_a_card_shows_source_and_result_and_says_what_is_known(painted):
    card = card_of(painted)
    assert len(card.images) == 2
    assert card.alts[0] == "the source: image.png with mask"
    assert card.alts[1] == "restored of the edit: a watercolour"
    assert "a watercolour" in card.words
    assert "offline/painter · take 1 · new · free · --new makes another" in card.words
    assert card.rows["Size"] == "1536x1024"
    assert card.rows["Tags"] == "draft"
    assert card.rows["History id"] == painted.id
    assert "no AI model" in card.rows["Made by"]


def test_the_leak_row_gives_share_and_mean_of_the_raw_result(painted):
    row = card_of(painted).rows["Outside the mask"]
    assert painted.leak is not None
    assert row.startswith(f"{painted.leak.share:.1%} changed in the raw result")
    assert row.endswith("put back in edit.restored")
    raw = Made().edit([PHOTO], leak=Leak(0.5164, 37.78))
    assert card_of(raw).rows["Outside the mask"] == (
        "51.6% changed in the raw result, by 37.8 of 255 on average"
    )


def test_the_mask_lies_in_pink_over_the_source_and_only_there(painted):
    source = np.asarray(card_of(painted).pictures()[0].convert("RGB")).astype(int)
    width = source.shape[1]
    plain = np.asarray(PHOTO.resize((width, source.shape[0]))).astype(int)
    left, right = slice(0, width // 2 - 8), slice(width // 2 + 8, width)
    redder = source[:, left, 0] - source[:, left, 1] - (plain[:, left, 0] - plain[:, left, 1])
    assert redder.mean() > 40
    assert abs(source[:, right] - plain[:, right]).mean() < 6


def test_a_mask_over_a_transparent_source_leaves_it_transparent():
    made = Made()
    clear = Image.new("RGBA", (200, 100), (255, 255, 255, 0))
    mask = Mask((200, 100)).rect(0, 0, 100, 100)
    edit = made.edit([PHOTO], source=made.ref(clear), request={"mask": made.ref(mask.rasterize())})
    shown = card_of(edit).pictures()[0].convert("RGBA")
    assert shown.getpixel((150, 50))[3] == 0
    red, green, blue, alpha = shown.getpixel((50, 50))
    assert alpha > 100 and red > green < blue


def test_transparent_results_keep_their_alpha_and_lie_on_a_chess_board():
    result = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    result.paste((200, 0, 0, 255), (0, 0, 128, 256))
    card = card_of(Made().edit([result]))
    shown = card.pictures()[1].convert("RGBA")
    assert shown.getpixel((20, 128))[3] == 255 and shown.getpixel((236, 128))[3] == 0
    assert "conic-gradient" in card.images[1]["style"]


# What changed outside the mask


MASK = Mask(PHOTO.size).ellipse(150, 60, 420, 300)


def leaked(source: Image.Image = PHOTO, mask: Mask = MASK, **options: Any) -> Edit:
    with Session(history=False, model="offline/leaky") as session:
        return session.edit("warmer", source, mask=mask, **options)


def difference(edit: Edit, index: int) -> Any:
    """Return by how much a raw result differs from its source: the canvas is scaled as a whole, and cut."""
    frame = edit.request.frame
    whole = edit.images[index].pil.convert("RGB").resize(frame.canvas if frame else LARGE.size, 1)
    x, y = frame.place if frame else (0, 0)
    cut = np.asarray(whole).astype(int)[y : y + LARGE.height, x : x + LARGE.width]
    return np.abs(cut - np.asarray(LARGE)).max(axis=2)


LARGE = PHOTO.resize((1152, 768))
OVER = MASK.resized(LARGE.size)


@pytest.mark.parametrize(
    ("options", "within", "least"),
    [
        ({"n": 2, "size": "1152x768"}, (0, 0), 0.99),  # nothing is resampled
        ({"size": "1536x1024"}, (0, 0), 0.9),
        ({"size": "1024x1024"}, (0, 0), 0.8),  # the source is the finer of the two
        ({"extend": "384,0,0,256", "size": "1536x1024"}, (384, 0), 0.99),
    ],
)
def test_the_heat_lies_where_a_raw_result_differs_from_its_source(options, within, least):
    edit = leaked(LARGE, OVER, **options)
    (x, y), far = within, np.asarray(OVER.grow(14).rasterize()) == 0  # blends reach beyond the mask
    far[:14] = far[-14:] = far[:, :14] = far[:, -14:] = False  # and from what is added, or the bars
    for index in range(len(edit.images)):
        heat = display.heat_picture(edit, index)
        assert heat.mode == "RGBA" and heat.size == edit.restored[index].size
        alpha = np.asarray(heat.getchannel("A")).copy()
        hot = alpha[y : y + LARGE.height, x : x + LARGE.width] > 0
        gap = difference(edit, index)
        wanted = gap > 20
        assert wanted[far].mean() > 0.05
        assert (hot & wanted)[far].sum() / (hot | wanted)[far].sum() > least
        assert hot[far & (gap > 40)].mean() > 0.97 and hot[far & (gap < 10)].mean() < 0.02
        assert not hot[np.asarray(OVER.rasterize()) > 0].any()
        alpha[y : y + LARGE.height, x : x + LARGE.width] = 0
        assert not alpha.any(), "what the picture was extended by was not to be kept"


def test_more_change_is_lighter_and_denser_and_hardly_any_is_clear():
    ramp = Image.new("RGB", (256, 64), "black")
    changed = Image.fromarray(np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (64, 256, 3)))
    made = Made()
    mask = Mask(ramp.size).rect(0, 0, 1, 1)
    edit = made.edit([changed], source=made.ref(ramp), request={"mask": made.ref(mask.rasterize())})
    row = np.asarray(display.heat_picture(edit))[40].astype(float)
    assert (row[:21, 3] == 0).all() and (row[21:, 3] >= 200).all()
    light = row[21:, :3] @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light) > -0.8).all() and light[-1] - light[0] > 180
    assert (np.diff(row[21:, 3]) >= 0).all()


def test_a_shift_of_the_whole_result_is_no_heat():
    shifted = Image.fromarray(np.roll(np.asarray(PHOTO), (3, -2), (0, 1)))
    made = Made()
    source, mask = made.ref(PHOTO), made.ref(MASK.rasterize())
    edit = made.edit([shifted], source=source, request={"mask": mask}, leak=Leak(0.0, 0.5, (-2, 3)))
    assert display.heat_picture(edit).getchannel("A").getextrema() == (0, 0)
    blind = made.edit([shifted], source=source, request={"mask": mask}, leak=Leak(0.0, 0.5))
    assert np.asarray(display.heat_picture(blind))[..., 3].astype(bool).mean() > 0.1


def test_each_results_own_shift_is_no_heat():
    shifts = (-2, 3), (1, 0)
    made = Made()
    results = [Image.fromarray(np.roll(np.asarray(PHOTO), (down, across), (0, 1))) for across, down in shifts]
    edit = made.edit(
        results,
        source=made.ref(PHOTO),
        request={"mask": made.ref(MASK.rasterize()), "n": 2},
        leaks=tuple(Leak(0.0, 0.5, shift) for shift in shifts),
    )
    for index in (0, 1):
        assert display.heat_picture(edit, index).getchannel("A").getextrema() == (0, 0)


def test_the_result_that_leaks_most_is_the_one_that_is_named_and_mapped():
    made = Made()
    red = Image.new("RGB", PHOTO.size, "red")
    mask = made.ref(MASK.rasterize())
    edit = made.edit(
        [PHOTO, red, PHOTO],
        source=made.ref(PHOTO),
        request={"n": 3, "mask": mask},
        leaks=(Leak(0.0, 0.0), Leak(0.97, 104.7), None),
    )
    card = card_of(edit)
    said = "97.0% changed in raw result 2, by 104.7 of 255 on average"
    assert card.rows["Outside the mask"] == said and said in card_of(edit).text
    assert card.alts[4] == "heat map: what changed outside the mask in raw result 2: 97.0%"
    hot = np.asarray(card.pictures()[4].convert("RGB")).astype(int)
    kept = np.asarray(MASK.grow(20).rasterize().resize((hot.shape[1], hot.shape[0]))) == 0
    assert (hot.max(axis=2) - hot.min(axis=2))[kept].mean() > 60


def test_without_mask_source_or_result_there_is_no_heat(painted):
    made = Made()
    bare = made.edit([PHOTO])
    mask = made.ref(MASK.rasterize())
    elsewhere = ImageRef(digest="url:https://example.org/a.png", name="a.png")
    for edit, words in (
        (bare, "no mask"),
        (made.edit([PHOTO], request={"mask": elsewhere}), "not both kept"),
        (made.edit([PHOTO], source=elsewhere, request={"mask": mask}), "not both kept"),
        (made.edit([], request={"mask": mask}), "no result 0"),
    ):
        with pytest.raises(BadImage, match=words):
            display.heat_picture(edit)
    with pytest.raises(BadImage, match="no result 1"):
        display.heat_picture(painted, 1)
    gone = made.edit([PHOTO], request={"mask": ImageRef(digest="pixels:0", name="mask.png")})
    with pytest.raises(BadImage, match="not both kept"):
        display.heat_picture(gone)


def test_a_leak_is_shown_beside_the_pictures_and_within_the_limit():
    edit = leaked()
    card = card_of(edit)
    assert edit.leak is not None
    caption = f"what changed outside the mask in the raw result: {edit.leak.share:.1%}"
    assert card.alts[2] == f"heat map: {caption}" and caption in card.words
    shown = card.pictures()[2].convert("RGBA")
    colours, size = np.asarray(shown).astype(int), shown.size
    hot = display.heat_picture(edit).getchannel("A").resize(size)
    inside = np.asarray(MASK.shrink(8).rasterize().resize(size, 0)) > 0
    saturation = colours[..., :3].max(axis=2) - colours[..., :3].min(axis=2)
    assert (colours[inside][:, 3] == 0).all(), "what was edited is clear"
    assert saturation[np.asarray(hot) > 250].mean() > 60, "what changed has colour"
    cold = (np.asarray(hot.filter(ImageFilter.MaxFilter(9))) == 0) & ~inside & (colours[..., 3] == 255)
    assert cold.any() and saturation[cold].mean() < 12, "the rest is grey"


def test_ten_leaky_results_of_noise_stay_within_the_limit_with_their_map():
    noise = np.random.default_rng(7).integers(0, 256, (10, 256, 384, 3), dtype=np.uint8)
    made = Made()
    edit = made.edit(
        [Image.fromarray(one) for one in noise],
        source=made.ref(PHOTO),
        request={"n": 10, "mask": made.ref(MASK.rasterize())},
        leak=Leak(0.9, 80),
    )
    card = card_of(edit)
    assert len(card.images) == 12
    assert card.alts[11] == "heat map: what changed outside the mask in raw result 1: 90.0%"


def test_hardly_any_leak_is_not_written_as_none():
    made = Made()
    mask = made.ref(MASK.rasterize())
    card = card_of(made.edit([PHOTO], request={"mask": mask}, leak=Leak(0.0001, 0.1)))
    assert card.rows["Outside the mask"].startswith("less than 0.1% changed")
    assert card.alts[2].endswith(": less than 0.1%")
    assert len(card_of(made.edit([PHOTO], request={"mask": mask}, leak=Leak(0.0, 0.0))).images) == 2


def test_a_leak_whose_pictures_are_gone_leaves_a_card_that_says_so():
    made = Made()
    edit = made.edit([PHOTO], request={"mask": made.ref(MASK.rasterize())}, leak=Leak(0.2, 9))
    del made.store[edit.request.mask.stored]
    assert "raw result: 20.0%: not shown (The object is missing.)" in card_of(edit).text


@pytest.mark.parametrize("mask", [None, MASK])
def test_under_extend_the_source_lies_in_what_it_is_extended_to(mask):
    with Session(history=False, model="offline/painter") as session:
        edit = session.edit("more table", PHOTO, extend="200,0,0,100", mask=mask, size="1536x1024")
    card = card_of(edit)
    masked = " with mask" if mask else ""
    assert card.alts[0] == f"the source: image.png{masked}, extended to 800 x 500"
    assert f"image.png{masked}, 600 x 400, extended to 800 x 500" in card.words
    shown = card.pictures()[0].convert("RGBA")
    assert shown.size == (384, 240)
    assert "conic-gradient" in card.images[0]["style"]
    for place in ((20, 20), (60, 220), (370, 230)):  # left, corner, below
        red, green, blue, alpha = shown.getpixel(place)
        assert 110 < alpha < 145 and red > 200 and green < 40 < blue
    inner = np.asarray(shown)[4:188, 100:380].astype(int)
    assert (inner[..., 3] == 255).all()
    plain = np.asarray(PHOTO.resize((288, 192)))[4:188, 4:284].astype(int)
    kept = np.asarray(MASK.grow(20).rasterize().resize((288, 192)))[4:188, 4:284] == 0
    far = kept if mask else np.ones_like(kept)
    assert np.abs(inner[..., :3] - plain)[far].mean() < 10


@pytest.mark.parametrize("margins", ["1000,0,0,0", "0,1,0,0", "1,0,0,1000"])
def test_any_extension_can_be_shown(margins):
    with Session(history=False, model="offline/leaky") as session:
        edit = session.edit("x", PHOTO.resize((30, 20)), extend=margins, size="1024x1024")
    assert len(card_of(edit).images) >= 2


def test_ten_results_of_noise_stay_within_the_limit_and_are_all_there():
    noise = np.random.default_rng(7).integers(0, 256, (10, 256, 384, 3), dtype=np.uint8)
    edit = Made().edit([Image.fromarray(one) for one in noise], request={"n": 10})
    card = card_of(edit)
    assert len(card.images) == 11
    assert card.alts[10] == "result 10 of the edit: a red hat"
    assert min(max(image.size) for image in card.pictures()) >= 64
    assert card.rows["n"] == "10"


def test_a_single_result_is_shown_large():
    card = card_of(Made().edit([PHOTO]))
    assert [max(image.size) for image in card.pictures()] == [384, 384]
    assert "width:264px" in card.images[1]["style"]


def test_a_picture_smaller_than_a_thumbnail_is_not_blown_up():
    card = card_of(Made().edit([Image.new("RGB", (40, 20), "red")]))
    assert card.pictures()[1].size == (40, 20)
    assert "width:40px" in card.images[1]["style"]


@pytest.mark.parametrize("mark", ["\N{GRINNING FACE}", '"', "&", "\\", "\n", "<script>"])
def test_no_text_however_it_is_escaped_makes_a_card_too_heavy(mark):
    long = mark * 3000
    noise = np.random.default_rng(8).integers(0, 256, (10, 128, 192, 3), dtype=np.uint8)
    made = Made()
    edit = made.edit(
        [Image.fromarray(one) for one in noise],
        prompt=long,
        model=long,
        source=made.ref(PHOTO, long),
        request={"params": {f"{number}{long}": long for number in range(200)}},
        result={"effective": {f"{number}{long}": long for number in range(200)}, "request_id": long},
        tags=(long,) * 200,
        notes=(long,) * 200,
    )
    card = card_of(edit)
    assert len(card.images) == 11
    assert len(display.edit_text(edit)) < 20_000


def test_whatever_others_wrote_is_text_and_nothing_else():
    made = Made()
    edit = made.edit(
        [PHOTO],
        prompt=NASTY,
        model=NASTY,
        source=made.ref(PHOTO, NASTY),
        request={"params": {NASTY: NASTY}},
        result={"effective": {NASTY: "other" + NASTY}, "request_id": NASTY, "provider": "offline/" + NASTY},
        tags=(NASTY,),
        notes=(NASTY,),
    )
    card = card_of(edit)
    assert card.text.count(NASTY) >= 5
    assert NASTY in card.alts[0] and NASTY in card.alts[1]
    assert NASTY in card.rows["Tags"] and card.rows["Note"] == NASTY


def test_control_characters_reach_no_terminal():
    text = display.edit_text(Made().edit([PHOTO], prompt="red\x1b[2J\x07\u202e hat", tags=("a\x1b[31mb",)))
    assert text.startswith("Edit 20261122T120000-0001: red[2J hat\n")
    assert "\x1b" not in text and "\u202e" not in text


def test_a_failed_edit_says_what_happened_and_what_was_paid():
    failure = Failure(type="RateLimited", message=f"Slow down. {NASTY}", paid="no", status=429)
    edit = Made().edit([], failure=failure)
    card = card_of(edit)
    assert "failed: RateLimited. Nothing was paid." in card.text
    assert card.rows["What happened"] == f"Slow down. {NASTY}"
    assert len(card.images) == 1
    assert "failed: RateLimited. Nothing was paid." in display.edit_text(edit)


def test_an_edit_of_unknown_outcome_says_so():
    failure = Failure(type="OutcomeUnknown", message="No answer came.", paid="perhaps")
    text = card_of(Made().edit([], state="unknown", failure=failure)).text
    assert "unknown: OutcomeUnknown. It is not known whether this was paid." in text


def test_missing_and_damaged_pictures_leave_a_card_that_says_so():
    made = Made()
    edit = made.edit([PHOTO, PHOTO.rotate(180)])  # the first is also the source
    made.store[edit.images[1].digest] = b"\x89PNG\r\n\x1a\nrubbish"
    del made.store[edit.images[0].digest]
    card = card_of(edit)
    assert not card.images
    assert "photo.png: not shown (The object is missing.)" in card.text
    assert "result 1, 600 x 400: not shown (The object is missing.)" in card.text
    assert "result 2, 600 x 400: not shown (It is damaged and cannot be decoded.)" in card.text


def test_a_source_file_that_was_taken_away_leaves_a_card_that_says_so(tmp_path):
    PHOTO.save(path := tmp_path / "cup.png")
    with Session(history=False, model="offline/painter") as session:
        edit = session.edit("sepia", path)
    path.unlink()
    assert "cup.png: not shown (" in card_of(edit).text


@pytest.mark.parametrize("reference", ["https://example.org/cat.png", "file-abc123"])
def test_a_source_that_is_a_reference_is_named(reference):
    source = ImageRef(digest=f"url:{reference}", name=reference)
    card = card_of(Made().edit([PHOTO], source=source))
    assert f"{reference}: not shown (given by reference)" in card.text
    assert len(card.images) == 1


def test_further_sources_are_counted():
    made = Made()
    edit = made.edit([PHOTO], request={"images": tuple(made.ref(PHOTO, f"{n}.png") for n in range(3))})
    assert card_of(edit).alts[0] == "the source: 0.png, and 2 more"


def test_new_and_replayed_edits_are_worded_differently():
    cost = Cost(0.04, 0.04, "reported")
    new, again = (
        Made().edit([PHOTO], result={"cost": cost}, replayed=replayed) for replayed in (False, True)
    )
    assert "take 1 · new · $0.0400 · --new makes another" in card_of(new).text
    assert card_of(new).rows["Cost to make"] == "$0.0400"
    assert "take 1 · replayed from the history, nothing paid · --new makes another" in card_of(again).text
    assert card_of(again).rows["Cost to make"] == "$0.0400"


def test_a_further_take_says_how_to_keep_it():
    assert "write --take 3 to keep this one" in card_of(Made().edit([PHOTO], take=3)).text
    assert "to keep" not in card_of(Made().edit([PHOTO], take=3, replayed=True)).text


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Cost(0.04, 0.17, "estimate"), "$0.04\N{EN DASH}0.17 (estimate)"),
        (Cost(0.0421, 0.0421, "usage"), "$0.0421 (by tokens)"),
        (Cost(1.5, 1.5, "reported"), "$1.50"),
    ],
)
def test_a_cost_says_how_sure_it_is(cost, words):
    assert card_of(Made().edit([PHOTO], result={"cost": cost})).rows["Cost to make"] == words


def test_what_was_asked_stands_beside_what_was_used():
    edit = Made().edit(
        [PHOTO],
        request={"params": {"size": "1024x1024", "quality": "low"}},
        result={
            "effective": {"size": "1536x1024", "quality": "low", "background": "opaque"},
            "usage": {"input_tokens": 200, "output_tokens": 400, "total_tokens": True},
        },
    )
    rows = card_of(edit).rows
    assert rows["Size"] == "1024x1024 asked, 1536x1024 used"
    assert rows["Quality"] == "low"
    assert rows["Chosen for you"] == "background opaque"
    assert rows["Tokens"] == "200 in, 400 out"
    assert rows["Time"] == "12.3 s, 2026-11-22 12:00 UTC"


def test_long_prompts_are_cut_and_short_ones_are_not():
    long = card_of(Made().edit([PHOTO], prompt="a hat and " * 400)).words[0]
    assert len(long) == 600 and long.endswith("…")
    assert card_of(Made().edit([PHOTO], prompt="two\nlines, 日本語")).words[0] == "two\nlines, 日本語"


def test_plain_text_is_a_few_lines_for_a_terminal(painted):
    lines = display.edit_bundle(painted)["text/plain"].splitlines()
    assert lines[0] == f"Edit {painted.id}: a watercolour"
    assert "  Size: 1536x1024" in lines
    assert all(len(line) < 200 for line in lines) and len(lines) < 15


def test_a_picture_is_shown_with_its_size_and_kind(painted):
    bundle = display.picture_bundle(painted.images[0])
    assert weight(bundle) <= LIMIT
    card = Card(bundle["text/html"])
    assert card.alts == ["picture of 1536 by 1024 pixels"]
    assert "1536 x 1024, image/png" in card.words
    assert bundle["text/plain"] == repr(painted.images[0])


def test_a_picture_that_is_gone_says_so():
    made = Made()
    edit = made.edit([PHOTO])
    made.store.clear()
    bundle = display.picture_bundle(edit.images[0])
    assert "not shown (The object is missing.)" in Card(bundle["text/html"]).text


def test_the_history_is_a_line_for_each_edit():
    edits = [Made().edit([PHOTO], prompt=prompt) for prompt in ("one\nline", "x" * 100)]
    lines = display.history_lines(edits).splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("take 1   azure/openai/gpt-image-1.5  one line")
    assert lines[1].endswith("x…")
    assert display.history_lines([]) == "No edits."
