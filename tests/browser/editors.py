"""An editor on a page: where its picture's pixels lie on the screen, and hands that draw on it."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from browser.notebooks import in_lab, opened, write
from browser.scripts import CLOSE_UP, INKED, PLACE, SHOWN
from PIL import Image
from playwright.sync_api import TimeoutError as TookTooLong

IMPORTS = """\
import base64, io
import numpy as np
import requesty_nb as rq
from PIL import Image
from skimage import data
"""


@contextmanager
def editing(
    chromium, address: str, folder, cells: list[str], *, name: str, page_of=in_lab, **options: object
):
    """Open a notebook whose last cell shows the editor ``ed``, run it, and look at the editor.

    Nothing may have been thrown in the page by the end.
    """
    url = page_of(address, write(folder, name, [IMPORTS, *cells]))
    with opened(chromium, url, **options) as notebook:
        notebook.run_all()
        yield EditorView(notebook)
        ours = [error for error in notebook.errors if "blob:" in error]  # hosts throw, too
        assert not ours, "\n".join(ours)


@dataclass
class EditorView:
    """One view of an editor whose variable in the kernel is ``name``."""

    notebook: object
    name: str = "ed"
    index: int = 0
    size: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.notebook.page
        self.root = self.page.locator(".rqe").nth(self.index)
        self.stage = self.root.locator(".rqe-stage")
        try:
            self.stage.wait_for(timeout=30_000)
        except TookTooLong:
            said = self.page.locator(".jp-OutputArea-output").all_inner_texts()
            raise AssertionError(f"no editor is there; the outputs are {said}") from None
        self.root.locator(".rqe-world canvas, .rqe-world img").first.wait_for(state="attached")
        self.size = tuple(self.notebook.ask(f"{self.name}.source_size"))
        self.stage.scroll_into_view_if_needed()

    # --- the kernel's side

    def ask(self, attribute: str):
        """Return the value of an attribute of the editor, or of what is written on behind it."""
        return self.notebook.ask(f"{self.name}.{attribute}")

    def until(self, attribute: str, wanted: object = True):  # noqa: FBT002 - a value to wait for
        """Wait for such a value."""
        return self.notebook.until(f"{self.name}.{attribute}", wanted)

    def set(self, **values: object) -> None:
        """Set traits in Python; texts are code if they begin with ``=``."""
        lines = [
            f"{self.name}.{trait} = {value[1:] if str(value).startswith('=') else repr(value)}"
            for trait, value in values.items()
        ]
        self.notebook.do("\n".join(lines))

    def strokes(self) -> list[dict]:
        """Return the mask's operations, once all that was done here is in them."""
        self.settled()
        return list(self.ask("strokes"))

    def digest(self) -> str:
        """Return the identity of the mask's pixels, once all that was done here is in them."""
        self.settled()
        return self.ask("mask.digest")

    def fresh(self, tool: str = "brush", **traits: object) -> None:
        """Begin anew: an empty mask on the whole picture, and a brush 20 pixels wide."""
        self.root.evaluate("root => document.activeElement.blur()")
        start = {"tool": tool, "brush": 20, "subtract": False, "extend": (0, 0, 0, 0), "mask_opacity": 0.5}
        self.set(mask="=None", **{**start, **traits})
        self.stage.scroll_into_view_if_needed()
        self.press("Escape", "0")
        self.hidden(wanted=False)
        self.page.mouse.move(2, 2)
        self.shown()

    # --- where things are

    def place(self) -> tuple[float, float, float]:
        """Return where the picture's corner lies, and CSS pixels a picture pixel."""
        handle = self.root.element_handle()
        left, top, scale = self.page.evaluate(PLACE, [handle, self.size[0]])
        return left, top, scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a picture's position is on the screen, in CSS pixels."""
        left, top, scale = self.place()
        return left + x * scale, top + y * scale

    def under(self, x: float, y: float) -> tuple[float, float]:
        """Return which position of the picture is at one on the screen."""
        left, top, scale = self.place()
        return (x - left) / scale, (y - top) / scale

    def near(self) -> float:
        """Return how many of the picture's pixels a hand may be off: one of them, or one of the screen's."""
        return max(1.0, 1 / self.place()[2]) + 0.01

    def middle(self) -> tuple[float, float]:
        """Return the middle of the stage on the screen."""
        box = self.stage.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    # --- hands

    def press(self, *keys: str) -> None:
        """Press keys while the stage has the focus."""
        self.stage.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, label: str) -> None:
        """Click a button by its name."""
        self.button(label).click()

    def button(self, label: str):
        """Return a button by its name."""
        return self.root.get_by_role("button", name=label, exact=True)

    def open(self, label: str) -> None:
        """Open the panel of a button, unless it is open."""
        if (button := self.button(label)).get_attribute("aria-expanded") == "false":
            button.click()

    def choose(self, label: str) -> None:
        """Change the whole mask, by a button in the panel for that."""
        self.open("Change the mask")
        self.click(label)
        self.page.keyboard.press("Escape")

    def slide(self, label: str, value: float) -> None:
        """Set a slider, as moving it does."""
        self.root.get_by_label(label, exact=True).fill(str(value))

    def drag(self, *points: tuple[float, float], steps: int = 6, button: str = "left") -> None:
        """Drag the mouse through positions of the picture."""
        places = [self.at(*point) for point in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down(button=button)
        for place in places[1:]:
            self.page.mouse.move(*place, steps=steps)
        self.page.mouse.up(button=button)

    def wheel(self, turn: float, at: tuple[float, float], *held: str) -> None:
        """Turn the wheel at a position of the picture while keys are held."""
        self.page.mouse.move(*self.at(*at))
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.wheel(0, turn)
        for key in held:
            self.page.keyboard.up(key)

    def zoomed(self, factor: float, at: tuple[float, float]) -> None:
        """Zoom by about a factor with the wheel, towards a position of the picture."""
        before = self.place()[2]
        while self.place()[2] < before * factor * 0.9:
            now = self.place()[2]
            self.wheel(-100, at, "Control")
            self.until_place(lambda place, now=now: place[2] > now)

    def until_place(self, then) -> tuple[float, float, float]:
        """Wait until where the picture lies is as wanted."""
        for _ in range(200):
            if then(place := self.place()):
                return place
            self.page.wait_for_timeout(20)
        raise AssertionError(f"the picture lies at {self.place()}")

    def hidden(self, *, wanted: bool) -> None:
        """Hide or show the mask."""
        switch = self.button("Show or hide the mask")
        if (switch.get_attribute("aria-pressed") == "true") != wanted:
            self.press("m")

    # --- what has been done

    @contextmanager
    def unanswered(self, folder):
        """Keep the kernel from changing or answering anything about the editor until the block ends."""
        begun, end = folder / "unanswered-begun", folder / "unanswered-end"
        code = f"""\
import pathlib, time
with {self.name}._lock:
    pathlib.Path({str(begun)!r}).touch()
    while not pathlib.Path({str(end)!r}).exists():
        time.sleep(0.01)
pathlib.Path({str(begun)!r}).unlink()
"""
        end.unlink(missing_ok=True)
        self.notebook.execute(code)
        while not begun.exists():
            self.page.wait_for_timeout(10)
        try:
            yield
        finally:
            end.touch()
            self.notebook.finish()

    def settled(self) -> None:
        """Wait until the kernel has answered everything this view sent."""
        self.page.wait_for_function(
            "root => root.dataset.waiting === '0'", arg=self.root.element_handle(), timeout=20_000
        )

    def shown(self) -> None:
        """Wait until the kernel's answers are on the screen and nothing the view drew by itself."""
        self.page.wait_for_function(SHOWN, arg=self.root.element_handle(), timeout=20_000)

    def close_up(self) -> None:
        """Wait until the picture's own pixels are shown, all that are on the stage."""
        self.page.wait_for_function(CLOSE_UP, arg=[self.root.element_handle(), self.size[0]], timeout=20_000)

    def inked(self, x: float, y: float) -> bool:
        """Tell whether the kernel's mask, as it was sent for the screen, covers a position of the picture."""
        return self.page.evaluate(INKED, [self.root.element_handle(), x / self.size[0], y / self.size[1]])

    def until_inked(self, x: float, y: float, *, wanted: bool) -> None:
        """Wait until it does, or does not."""
        self.page.wait_for_function(
            f"([root, x, y, wanted]) => ({INKED})([root, x, y]) === wanted",
            arg=[self.root.element_handle(), x / self.size[0], y / self.size[1], wanted],
            timeout=20_000,
        )

    def colour(self, x: float, y: float) -> tuple[int, ...]:
        """Return the colour on the screen at a position of the picture."""
        left, top = self.at(x, y)
        shot = self.page.screenshot(clip={"x": int(left), "y": int(top), "width": 1, "height": 1})
        return Image.open(BytesIO(shot)).convert("RGB").getpixel((0, 0))

    def until_colour(self, x: float, y: float, wanted: tuple[int, ...]) -> None:
        """Wait until it is about that."""
        for _ in range(100):
            found = self.colour(x, y)
            if all(abs(one - other) < 24 for one, other in zip(found, wanted, strict=True)):
                return
        raise AssertionError(f"the screen shows {found}, not {wanted}")

    # --- touch and pen, as the browser's own input pipeline delivers them

    def _protocol(self):
        return self.page.context.new_cdp_session(self.page)

    def touch(self, *fingers: list[tuple[float, float]]) -> None:
        """Move fingers, each through positions of the picture, all in step."""
        session = self._protocol()
        # where the picture lies as they come down
        places = [[self.at(*point) for point in finger] for finger in fingers]

        def send(kind: str, step: int) -> None:
            down = [finger[step] for finger in places] if kind != "touchEnd" else []
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(down)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        send("touchStart", 0)
        for step in range(1, len(places[0])):
            send("touchMove", step)
        send("touchEnd", 0)
        session.detach()

    def pen(self, *points: tuple[float, float, float]) -> None:
        """Draw with a pen: positions of the picture, and the pressure at each."""
        session = self._protocol()
        places = [(*self.at(x, y), pressure) for x, y, pressure in points]

        def event(kind: str, place: tuple[float, float, float], buttons: int) -> None:
            x, y, force = place
            session.send(
                "Input.dispatchMouseEvent",
                {
                    "type": kind,
                    "x": x,
                    "y": y,
                    "button": "left" if kind != "mouseMoved" or buttons else "none",
                    "buttons": buttons,
                    "clickCount": 1,
                    "pointerType": "pen",
                    "force": force,
                },
            )

        event("mouseMoved", places[0], 0)
        event("mousePressed", places[0], 1)
        for place in places[1:]:
            event("mouseMoved", place, 1)
        event("mouseReleased", places[-1], 0)
        session.detach()
