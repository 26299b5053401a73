"""What the screen shows as mask, pixel by pixel, beside what the kernel has."""

import base64
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

CORNER = 8  # CSS pixels at the stage's corners that its rounding cuts off

# The part of the picture that is seen, in whole CSS pixels, and the device's pixels per CSS pixel.
SEEN = """root => {
    const [stage, world] = ['.rqe-stage', '.rqe-world']
        .map(name => root.querySelector(name).getBoundingClientRect());
    const left = Math.ceil(Math.max(stage.left, world.left));
    const top = Math.ceil(Math.max(stage.top, world.top));
    const right = Math.floor(Math.min(stage.right, world.right, innerWidth));
    const bottom = Math.floor(Math.min(stage.bottom, world.bottom, innerHeight));
    return [left, top, right, bottom, devicePixelRatio];
}"""


@dataclass(frozen=True)
class Screen:
    """The part of a picture that is seen.

    Attributes:
        colours: of the device's pixels, height x width x 3.
        columns, rows: where the middles of the device's pixels lie, in the picture's pixels.
    """

    colours: np.ndarray
    columns: np.ndarray
    rows: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return what a picture-sized array has under each of the device's pixels."""
        return values[np.ix_(self.rows.astype(int), self.columns.astype(int))]


def screen(editor) -> Screen:
    """Look at the part of the editor's picture that is seen, with no pointer on it."""
    editor.page.mouse.move(2, 2)
    left, top, right, bottom, density = editor.page.evaluate(SEEN, editor.root.element_handle())
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    shot = Image.open(BytesIO(editor.page.screenshot(clip=clip))).convert("RGB")
    assert shot.size == (round((right - left) * density), round((bottom - top) * density))
    x, y, zoom = editor.place()
    columns = (left + (np.arange(shot.width) + 0.5) / density - x) / zoom
    rows = (top + (np.arange(shot.height) + 0.5) / density - y) / zoom
    return Screen(np.asarray(shot, np.float32), columns, rows)


def mask_of(editor) -> np.ndarray:
    """Return which of the picture's pixels the kernel's mask edits."""
    text = editor.notebook.ask(
        f"(out := io.BytesIO(), {editor.name}.mask.rasterize().save(out, 'PNG'),"
        " base64.b64encode(out.getvalue()))[2]"
    )
    return np.asarray(Image.open(BytesIO(base64.b64decode(text)))) > 127


def tint_of(editor, colour: tuple[int, int, int]) -> tuple[Screen, np.ndarray]:
    """Tell where the screen shows the mask: what is different when it is hidden, as a part of its colour."""
    editor.hidden(wanted=False)
    shown = screen(editor)
    editor.hidden(wanted=True)
    bare = screen(editor).colours
    editor.hidden(wanted=False)
    way = np.asarray(colour, np.float32) - bare
    part = ((shown.colours - bare) * way).sum(axis=2) / np.maximum((way**2).sum(axis=2), 1)
    return shown, part > 0.5


def stray(shown: Screen, tint: np.ndarray, mask: np.ndarray) -> float:
    """Return how far, in the device's pixels, what the screen shows as mask is from the mask's edge.

    That is the distance from the edge of the farthest pixel that is mask here and not there; 0 if none is.
    """
    wanted = shown.of(mask)
    assert wanted.any() and not wanted.all(), "there is no edge on the screen"
    apart = np.where(wanted, distance_transform_edt(wanted), distance_transform_edt(~wanted)) - 0.5
    wrong = tint != wanted
    for rows in (slice(None, CORNER * 2), slice(-CORNER * 2, None)):
        for columns in (slice(None, CORNER * 2), slice(-CORNER * 2, None)):
            wrong[rows, columns] = False
    return float(apart[wrong].max(initial=0))


def pixel(editor, of: int) -> float:
    """Return how many device pixels one takes of a picture that is ``of`` wide, in place of the editor's."""
    density = editor.page.evaluate("devicePixelRatio")
    return editor.place()[2] * density * editor.size[0] / of
