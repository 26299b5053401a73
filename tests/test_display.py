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
from PIL import Image

from requesty_nb import Mask, Session, display
from requesty_nb.errors import HistoryFault
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
        image.save(out, kind)
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


def test_ten_results_of_noise_stay_within_the_limit_and_are_all_there():
    noise = np.random.default_rng(7).integers(0, 256, (10, 512, 768, 3), dtype=np.uint8)
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
    assert card_of(new).rows["Cost"] == "$0.0400"
    assert "take 1 · replayed from the history, nothing paid · --new makes another" in card_of(again).text
    assert card_of(again).rows["Cost"] == "$0.0400 when it was made"


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
    assert card_of(Made().edit([PHOTO], result={"cost": cost})).rows["Cost"] == words


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
