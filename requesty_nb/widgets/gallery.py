"""`Gallery`: many edits to look through, in a notebook's output.

The mirror of ``js/src/gallery/wired.ts``.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from traitlets import Dict, Int, List, TraitError, validate

from requesty_nb import display
from requesty_nb.display import albums, rows, sides
from requesty_nb.errors import BadRequest, ImgEditError
from requesty_nb.widgets.copies import kept_cell
from requesty_nb.widgets.link import explained
from requesty_nb.widgets.messages import text_of, truth_of, whole_of
from requesty_nb.widgets.results import SHOWN_EDGE, shown
from requesty_nb.widgets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requesty_nb.models import Edit, Marks, Summary
    from requesty_nb.records import Looking
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

_FIRST = 48, 40_000  # rows and characters that come with the widget's state
_CHUNK = 2000, 1_000_000  # of an answer
_MOST_THUMBS = 24  # of an answer
_MOST_WISHES, _LONGEST_WISH = 12, 1000  # entries of `Gallery.look`, and characters of one
_LONGEST_TAG = 500  # characters: an edit can have been made with a longer one than can be given
_IMPORT = "Take it in by rq.history.import_(...), or have rq.session.configure(history=...) keep its folder."


class Gallery(Standing):
    """Edits as a grid of thumbnails, to be searched, filtered, opened, compared and copied as cells.

    What it shows is what was there when it was made, until somebody clicks that there is more; stars and tags
    are those of now. In the browser is only what is on the screen, and a line of what each edit is found by.

    Args:
        looking: a `History` or some of its edits.
    """

    _bundle = "gallery"
    total = Int(read_only=True).tag(sync=True)
    first: Any = List(read_only=True).tag(sync=True)
    edition = Int(read_only=True).tag(sync=True)
    _marks: Any = Dict(read_only=True, help="Stars and tags by id, where they are others than in rows.").tag(
        sync=True
    )
    look: Any = Dict(help="What is looked for, by the names of js/src/gallery/query.ts.").tag(sync=True)

    _browser_sets = Standing._browser_sets | {"look"}  # noqa: SLF001 - its own

    def __init__(self, looking: Looking) -> None:
        self._lock = threading.RLock()
        self._looking = looking
        self._take()
        super().__init__()

    @validate("look")
    def _checked_look(self, proposal: dict[str, Any]) -> dict[str, str]:
        look: dict[str, str] = proposal["value"]
        texts = [*look, *look.values()]
        if len(look) > _MOST_WISHES or not all(_is_short(text) for text in texts):
            raise TraitError(f"look holds at most {_MOST_WISHES} short texts by their names.")
        return look

    def _take(self) -> None:
        """Take in the edits that are there now."""
        self._counted = len(self._looking)
        self._newest: list[Summary] = self._looking.summaries()[::-1]
        self._known = {summary.id: summary for summary in self._newest}
        self._pictures = {info.sha256 for summary in self._newest for info in summary.shown}
        first = next(rows.chunked(self._newest, *_FIRST), [])
        with self.hold_trait_notifications():
            self.set_trait("total", len(self._newest))
            self.set_trait("first", first)
            self.set_trait("_marks", {})
            self.set_trait("edition", self.edition + 1)

    # --- messages: each is answered for these edits alone

    def _hear_rows(self, message: Message, _: Sequence[Buffer]) -> None:
        with self._lock:
            newest, edition = self._newest, self.edition
        if message.get("edition") != edition:
            raise BadRequest("There are other edits now.", hint="They come by themselves.")
        begin = whole_of(message, "from", 0, len(newest))
        chunk = next(rows.chunked(newest[begin:], *_CHUNK), [])
        self.send({"k": "rows", "s": message.get("s")}, [json.dumps(chunk).encode()])

    def _hear_thumbs(self, message: Message, _: Sequence[Buffer]) -> None:
        wanted = message.get("of")
        if not isinstance(wanted, list) or len(wanted) > _MOST_THUMBS:
            raise BadRequest(f"Thumbnails are asked for by a list of at most {_MOST_THUMBS}.")
        with self._lock:
            known = self._pictures
        if not all(isinstance(sha256, str) and sha256 in known for sha256 in wanted):
            raise BadRequest("This picture is not of these edits.", hint="")
        troubles, pictures = [], []
        for sha256 in wanted:
            try:
                pictures.append(self._looking.preview(sha256))
                troubles.append("")
            except ImgEditError as error:
                troubles.append(error.message)
        self.send({"k": "thumbs", "s": message.get("s"), "troubles": troubles}, pictures)

    def _hear_open(self, message: Message, _: Sequence[Buffer]) -> None:
        edit = self._edit_of(message)
        self._show_marks({edit.id: edit.marks})
        facts = [list(fact) for fact in display.facts(edit)]
        about = {
            "headline": rows.told(edit),
            "facts": facts,
            "masked": bool(edit.record.restored),
            "leak": dict(facts).get("Outside the mask", ""),
        }
        place = whole_of(message, "i", 0, max(0, len(edit.images) - 1))
        told, buffers, trouble = looked_at(edit, place)
        self.send({"k": "opened", "s": message.get("s"), "trouble": trouble, **about, **told}, buffers)

    def _hear_cell(self, message: Message, _: Sequence[Buffer]) -> None:
        text = kept_cell(self._edit_of(message), _IMPORT)
        self.send({"k": "cell", "s": message.get("s"), "text": text})

    def _hear_star(self, message: Message, _: Sequence[Buffer]) -> None:
        edit, on = self._edit_of(message), truth_of(message, "on")
        if on:
            edit.star()
        else:
            edit.unstar()
        self._show_marks({edit.id: edit.marks})

    def _hear_tag(self, message: Message, _: Sequence[Buffer]) -> None:
        edit, on = self._edit_of(message), truth_of(message, "on")
        word = text_of(message, "tag", _LONGEST_TAG)
        if on:
            edit.tag(word)
        else:
            edit.untag(word)
        self._show_marks({edit.id: edit.marks})

    def _hear_newer(self, message: Message, _: Sequence[Buffer]) -> None:
        self._show_marks(self._looking.marks())
        count = max(0, len(self._looking) - self._counted)
        self.send({"k": "newer", "s": message.get("s"), "count": count})

    def _hear_refresh(self, _: Message, __: Sequence[Buffer]) -> None:
        with self._at_once():
            self._take()
        self._still.refresh()

    def _show_marks(self, marks: Mapping[str, Marks]) -> None:
        """Show what is starred and tagged now, of those of these edits where it is not what is shown."""
        changed = {}
        with self._at_once():
            for identifier, mark in marks.items():
                before = self._known.get(identifier)
                if before is None or (now := before.with_marks(mark)) == before:
                    continue
                changed[identifier] = {"starred": now.starred, "tags": list(now.tags)}
                self._known[identifier] = now
            if changed:
                self._newest = list(self._known.values())
                self.set_trait("_marks", {**self._marks, **changed})
        if changed:
            self._still.changed()

    def _edit_of(self, message: Message) -> Edit:
        wanted = text_of(message, "id")
        with self._lock:
            known = wanted in self._known
        if not known:
            raise BadRequest("This edit is not of this gallery.", hint="")
        try:
            return self._looking[wanted]
        except KeyError:
            raise BadRequest("This edit is not here any more.", hint="Run the cell again.") from None

    # --- on the page

    def _drawn(self) -> tuple[str, str]:
        with self._lock:
            newest = self._newest
        return albums.album(newest, len(newest), self._looking.preview), repr(self)

    def __repr__(self) -> str:
        return f"<Gallery of {self.total} edit{'s' * (self.total != 1)}>"


def show(looking: Looking) -> None:
    """Show edits as a gallery in the output of the cell that runs."""
    Gallery(looking)._ipython_display_()


def looked_at(edit: Edit, index: int) -> tuple[dict[str, Any], list[bytes], str]:
    """Return one picture beside its source; alone, and why, if there is no source to be shown."""
    if not edit.images:
        return {}, [], edit.record.failure.message if edit.record.failure else ""
    restored, trouble = edit.restored[index], ""
    told = {"size": list(restored.size), "received": list(edit.images[index].size)}
    try:
        if edit.request.images[0].stored:
            return told, shown(edit, index)[1], ""
    except (ImgEditError, OSError, ValueError) as error:
        trouble = explained(error)
    try:
        alone = sides.opened(restored, index + 1)
    except ImgEditError as error:
        return told, [], explained(error)
    return told, [sides.encoded(alone, SHOWN_EDGE, opaque=not sides.is_transparent(alone))], trouble


def _is_short(text: object) -> bool:
    return isinstance(text, str) and len(text) <= _LONGEST_WISH
