"""What is on the screen is what the kernel has: the mask, to the pixel, and the photo's own detail.

A screenshot with the mask and one without it are compared with the kernel's mask, on ordinary displays
and on those with two device pixels a CSS pixel.
"""

import numpy as np
import pytest
from browser.editors import editing
from browser.screens import mask_of, pixel, screen, stray, tint_of

SIZE = (3000, 2000)
PREVIEW = 1024  # pixels of the preview's width
MAGENTA = (255, 0, 255)
BOARD = (1200, 900, 1360, 1060)  # where the photo is a chess board of single pixels
PHOTO = """\
rows, columns = np.indices((2000, 3000))
photo = np.stack([columns // 30, 120 + rows // 25, (rows + columns) // 60], axis=2).astype(np.uint8)
board = (rows + columns)[900:1060, 1200:1360] % 2
photo[900:1060, 1200:1360] = 255 * board[..., None]
photo = Image.fromarray(photo)
ed = rq.Editor(photo, mask_color="#ff00ff")
ed"""
MASK = (
    "=rq.Mask((3000, 2000)).brush([(300, 300), (1500, 1100), (2700, 500)], 160)"
    ".ellipse(1000, 700, 1900, 1500).rect(1250, 950, 1450, 1150, subtract=True)"
    ".polygon([(200, 1900), (900, 1200), (1100, 1800)]).erase([(1600, 800), (1600, 1600)], 41)"
    ".brush([(1210, 1050), (1300, 900), (1310, 1100)], 7)"
)
VIEWS = {"at fit": 1.0, "three times closer": 3.0, "far closer": 24.0}
MIDDLE = (1310, 1000)
PLAIN = (1700, 1000)  # where the photo is of one colour
SNAP = 0.5  # of a device pixel: by so much a browser moves what it paints


@pytest.fixture(scope="module", params=[1, 2], ids=["dpr 1", "dpr 2"])
def photo(request, chromium, lab, workspace):
    name = f"screen-{request.param}.ipynb"
    with editing(chromium, lab, workspace, [PHOTO], name=name, device_scale_factor=request.param) as editor:
        yield editor


@pytest.fixture
def ed(photo):
    photo.fresh(brush=120, mask_opacity=1.0)
    return photo


def look(ed, view: str, at: tuple[float, float] = MIDDLE) -> float:
    """Take a view; return how many device pixels one of the preview's takes, at least one."""
    if view != "at fit":
        ed.zoomed(VIEWS[view], at)
    seen(ed)
    return max(1.0, pixel(ed, PREVIEW)) + SNAP


def seen(ed) -> None:
    """Wait until all is as sharp on the screen as it will be."""
    ed.shown()
    if pixel(ed, PREVIEW) > 1.05:
        ed.close_up()


@pytest.mark.parametrize("view", VIEWS)
def test_the_screen_shows_the_mask_of_the_kernel(ed, view):
    ed.set(mask=MASK)
    ed.until_inked(1450, 1300, wanted=True)
    one = look(ed, view)
    shown, tint = tint_of(ed, MAGENTA)
    mask = mask_of(ed)
    pixel_by_pixel = view == "far closer"  # then the photo's own, not the preview's
    assert stray(shown, tint, mask) <= (1 + SNAP if pixel_by_pixel else one)
    off = 2 + round(2 * one / pixel(ed, SIZE[0]))  # were the mask elsewhere, that would be seen
    assert stray(shown, tint, np.roll(mask, off, axis=1)) > one


def test_the_screen_shows_the_mask_of_the_kernel_when_moved(ed):
    ed.set(mask=MASK)
    one = look(ed, "three times closer")
    ed.page.keyboard.down("Space")
    ed.drag(MIDDLE, (1390, 1060), (1050, 1320))
    ed.page.keyboard.up("Space")
    ed.close_up()
    shown, tint = tint_of(ed, MAGENTA)
    assert stray(shown, tint, mask_of(ed)) <= one


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_drawn_looks_the_same_before_and_after_the_kernel_has_it(ed, view, tmp_path):
    ed.set(mask="=rq.Mask((3000, 2000)).rect(1690, 996, 1704, 1010)")
    one = look(ed, view, PLAIN)
    reach = 0.3 * min(1000, ed.stage.bounding_box()["height"] / ed.place()[2])  # of what is seen

    def hand(*places: tuple[float, float]) -> list[tuple[float, float]]:
        return [(PLAIN[0] + x * reach, PLAIN[1] + y * reach) for x, y in places]

    ed.set(brush=reach / 4)
    with ed.unanswered(tmp_path):
        ed.drag(*hand((-1, -1), (0, -0.6), (1, -1)))
        ed.press("o")
        ed.drag(*hand((-0.8, 0.1), (0.7, 1)))
        ed.press("r", "s")
        ed.drag(*hand((-0.3, 0.3), (0.2, 0.7)))
        ed.press("l", "s")
        ed.drag(*hand((-1, 0.2), (-0.7, -0.4), (-0.4, 0.1)), steps=12)
        ed.press("e")
        ed.drag(*hand((-0.9, -0.9), (0.9, -0.2)))
        before = tint_of(ed, MAGENTA)
        assert ed.root.get_attribute("data-waiting") != "0"
    seen(ed)
    after = tint_of(ed, MAGENTA)
    drawn = [stroke["op"] for stroke in ed.strokes()]
    assert drawn == ["rect", "brush", "ellipse", "rect", "polygon", "erase"]
    mask = mask_of(ed)
    assert stray(*before, mask) <= one
    assert stray(*after, mask) <= one


def test_a_soft_edge_is_shown_soft(ed):
    ed.set(mask="=rq.Mask((3000, 2000)).rect(800, 500, 2200, 1500).feather(300)")
    look(ed, "at fit")
    shown = screen(ed).colours
    ed.hidden(wanted=True)
    bare = screen(ed).colours
    part = ((shown - bare) * (np.float32(MAGENTA) - bare)).sum(axis=2) / ((MAGENTA - bare) ** 2).sum(axis=2)
    height, width = part.shape
    for column in (0.5, 0.78, 0.80, 0.82):
        weight = ed.notebook.ask(f"ed.mask.rasterize().getpixel(({round(3000 * column)}, 1000)) / 255")
        assert part[height // 2, round(width * column)] == pytest.approx(weight, abs=0.04)


def chess(ed) -> tuple[np.ndarray, np.ndarray]:
    """Return how bright the screen is in the middles of the white and of the black fields around `MIDDLE`."""
    picture = screen(ed)
    x, y = np.meshgrid(picture.columns, picture.rows)
    there = (abs(x - MIDDLE[0]) < 15) & (abs(y - MIDDLE[1]) < 15)
    there &= (abs(x % 1 - 0.5) < 0.2) & (abs(y % 1 - 0.5) < 0.2)
    white = (x.astype(int) + y.astype(int)) % 2 == 1
    brightness = picture.colours.mean(axis=2)
    assert there.sum() > 500
    return brightness[there & white], brightness[there & ~white]


def test_close_up_the_photo_shows_its_own_pixels(ed):
    look(ed, "far closer")
    white, black = chess(ed)
    assert white.min() > 190 and black.max() < 65


def test_close_up_the_photo_stays_sharp_where_the_mask_is_being_erased(ed, tmp_path):
    ed.fresh("erase", brush=50, mask_opacity=1.0)
    ed.set(mask="=rq.Mask((3000, 2000)).fill()")
    look(ed, "far closer")
    with ed.unanswered(tmp_path):
        ed.drag(MIDDLE)
        white, black = chess(ed)
    assert white.min() > 190 and black.max() < 65


def test_at_actual_pixels_the_photo_is_as_sharp_as_it_is(ed):
    ed.press("1")
    density = ed.page.evaluate("devicePixelRatio")
    ed.until_place(lambda place: place[2] == pytest.approx(1 / density, abs=1e-4))
    ed.close_up()
    picture = screen(ed)
    left, top, right, bottom = BOARD
    rows = (picture.rows > top + 2) & (picture.rows < bottom - 2)
    columns = (picture.columns > left + 2) & (picture.columns < right - 2)
    board = picture.colours.mean(axis=2)[np.ix_(rows, columns)]
    assert board.size > 10_000
    assert np.median(abs(np.diff(board, axis=1))) > 190
