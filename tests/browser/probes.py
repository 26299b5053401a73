"""What drawing costs, measured in the page: frames, delays, and what goes over the wire."""

import time
from dataclasses import dataclass, field

# Times each frame, and from each pointermove to the first frame in which the canvas has changed there.
PROBE = """([canvas, area]) => {
    const probe = { frames: [], delays: [], waiting: [], last: 0, on: true };
    window.probe = probe;
    const context = canvas.getContext('2d');
    const pixel = (x, y) => {
        const box = canvas.getBoundingClientRect();
        const column = Math.floor((x - box.left) * canvas.width / box.width);
        const row = Math.floor((y - box.top) * canvas.height / box.height);
        return context.getImageData(column, row, 1, 1).data.join();
    };
    const moved = ({ buttons, clientX: x, clientY: y, timeStamp: at }) => {
        if (buttons) probe.waiting.push({ x, y, at, before: pixel(x, y) });
    };
    area.addEventListener('pointermove', moved, true);
    const frame = now => {
        if (!probe.on) return area.removeEventListener('pointermove', moved, true);
        if (probe.last) probe.frames.push(now - probe.last);
        probe.last = now;
        for (const { x, y, at, before } of [...probe.waiting]) {
            if (pixel(x, y) === before) break;
            probe.delays.push(performance.now() - at);
            probe.waiting.shift();
        }
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""
SEEN = "() => !probe.waiting.length"
STOP = "() => { probe.on = false; return [probe.frames, probe.delays, probe.waiting.length]; }"

# Runs the last cell, and resolves with the milliseconds until a picture is on the page where none was before.
PAINTED = """count => new Promise(resolve => {
    const shown = root => [...root.querySelectorAll('.rqe-world canvas, .rqe-world img')].some(one => {
        if (one.hidden || !one.isConnected || !one.width) return false;
        if (one instanceof HTMLImageElement) return one.complete && one.naturalWidth > 1;
        return one.getContext('2d').getImageData(one.width >> 1, one.height >> 1, 1, 1).data[3] > 0;
    });
    const began = performance.now();
    jupyterapp.commands.execute('notebook:run-cell');
    const look = () => {
        const root = document.querySelectorAll('.rqe')[count];
        if (root && shown(root)) requestAnimationFrame(() => resolve(performance.now() - began));
        else requestAnimationFrame(look);
    };
    look();
})"""


def quantile(values: list[float], part: float) -> float:
    """Return the value below which this part of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclass
class Delays:
    """Milliseconds from each move of the pointer to the frame that shows it, and of each frame."""

    frames: list[float]
    delays: list[float]
    unseen: int

    def figures(self) -> dict[str, float]:
        """Return what is worth printing."""
        return {
            "moves": len(self.delays),
            "p50_ms": round(quantile(self.delays, 0.5), 1),
            "p95_ms": round(quantile(self.delays, 0.95), 1),
            "frame_ms": round(quantile(self.frames, 0.5), 1),
        }


def drawn(page, canvas, area, strokes, wait: float = 20_000) -> Delays:
    """Draw strokes with the mouse, one move at a time, and time when ``canvas`` shows each.

    Args:
        page: where.
        canvas: the element whose pixels are looked at.
        area: the element that the pointer moves over.
        strokes: lists of positions on the screen; no two moves may touch the same pixels.
        wait: milliseconds in which the last has to be shown.
    """
    page.evaluate(PROBE, [canvas, area])
    for stroke in strokes:
        draw(page, stroke)
    page.wait_for_function(SEEN, timeout=wait)
    return Delays(*page.evaluate(STOP))


def draw(page, stroke) -> None:
    """Draw one stroke, one move at a time."""
    page.mouse.move(*stroke[0])
    page.mouse.down()
    for place in stroke[1:]:
        page.mouse.move(*place)
    page.mouse.up()


@dataclass
class Wire:
    """Counts what goes over a page's websockets; made before the page is opened."""

    page: object
    up: list[int] = field(default_factory=list)
    down: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._watch)

    def _watch(self, socket) -> None:
        socket.on("framesent", lambda payload: self.up.append(len(payload)))
        socket.on("framereceived", lambda payload: self.down.append(len(payload)))

    def reset(self) -> None:
        """Count from here."""
        self.up.clear()
        self.down.clear()

    def quiet(self, seconds: float = 0.15) -> None:
        """Wait until nothing has gone over the wire for so long; its page tells while it is waited for."""
        end = time.monotonic() + 20
        seen, since = None, time.monotonic()
        while time.monotonic() - since < seconds:
            assert time.monotonic() < end, "the wire is never quiet"
            if (now := (len(self.up), len(self.down))) != seen:
                seen, since = now, time.monotonic()
            self.page.wait_for_timeout(20)
