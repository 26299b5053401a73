"""What a grid shows of one of its cells: a small picture, and a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import images, pricing
from requesty_nb.display.facts import one_line
from requesty_nb.errors import ImgEditError
from requesty_nb.models import Edit, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from requesty_nb.models import Cell, Cost

UNSHOWN = (ImgEditError, OSError, ValueError, ArithmeticError)  # a record may be a stranger's
TILE = 7_400  # bytes of a thumbnail in a grid of many
_KEPT = 384, 80  # edge and quality of the thumbnail that a history keeps of every picture
_HOPE = 1.1  # times as large as it may be
# Edge and quality, the finest first.
_FORMS = (
    *((384, 60), (320, 65), (320, 50), (256, 65), (256, 50), (224, 50), (192, 50), (192, 35)),
    *((160, 35), (128, 35), (112, 30), (96, 30), (80, 25), (64, 25)),
)


def thumbnail(edit: Edit, room: int) -> bytes:
    """Return an edit's first picture as the finest WebP of at most so many bytes; the coarsest if none is.

    Raises:
        HistoryFault: it is missing or damaged.
        BadImage: it cannot be decoded.
    """
    digest = summary_of(edit.record).shown[0].sha256
    return edit.cached(f"{digest}-within-{room}.webp", lambda: _fitting(_kept(edit, digest), room))


def _kept(edit: Edit, digest: str) -> bytes:
    edge, quality = _KEPT

    def make() -> bytes:
        return images.load(edit.restored[0].bytes).preview(edge, quality)

    return edit.cached(f"{digest}-{edge}-{quality}.webp", make)


def _fitting(data: bytes, room: int) -> bytes:
    if len(data) <= room:
        return data
    image, whole, (edge, quality) = images.decode(data), len(data), _KEPT
    for form in _FORMS:
        # What is likely to be much too large is not tried, but for the coarsest.
        likely = whole * (form[0] / edge) ** 2 * form[1] / quality
        if likely <= room * _HOPE or form == _FORMS[-1]:
            data = images.preview(image, *form)
            if len(data) <= room:
                break
    return data


def trouble_of(cell: Cell, limit: int) -> tuple[str, str] | None:
    """Return what is called why a cell has no picture, and its first words; None if it has one."""
    if not isinstance(cell, Edit):
        return type(cell).__name__, one_line(cell.message, limit)
    if cell.images:
        return None
    failure = cell.record.failure
    return (failure.type, one_line(failure.message, limit)) if failure else ("No picture", "")


def paid_for(edit: Edit) -> str:
    """Say what was paid for an edit now; nothing of one that was replayed, or free."""
    return "" if edit.replayed or not edit.cost else sum_of(edit.cost)


def sum_of(cost: Cost) -> str:
    """Say a sum of dollars; nothing of none."""
    return pricing.format_usd(cost) if cost.high else ""


def words_of(edit: Edit) -> list[str]:
    """Return what is told under an edit's picture."""
    count = len(edit.images)
    words = ["recorded" if edit.replayed else "", paid_for(edit), f"{count} pictures" if count > 1 else ""]
    return [word for word in words if word]


def counted(cells: Iterable[Cell | None]) -> dict[str, int]:
    """Count cells: ``made`` for now, ``recorded`` before, ``failed``."""
    count = {"made": 0, "recorded": 0, "failed": 0}
    for cell in cells:
        if cell is not None:
            failed = trouble_of(cell, 1) is not None
            count[
                "failed" if failed else "recorded" if isinstance(cell, Edit) and cell.replayed else "made"
            ] += 1
    return count


def summed(cells: Sequence[Cell], cost: Cost) -> str:
    """Say what came of a whole grid: ``8 edits · 6 new · 1 recorded · 1 failed · $0.12``."""
    count = counted(cells)
    total = len(cells)
    words = [f"{total:,} edit{'s' * (total != 1)}"]
    if count["recorded"] or count["failed"]:
        words.append(f"{count['made']:,} new" if count["made"] else "")
    words += [f"{count[name]:,} {name}" if count[name] else "" for name in ("recorded", "failed")]
    return " · ".join(word for word in [*words, sum_of(cost)] if word)
