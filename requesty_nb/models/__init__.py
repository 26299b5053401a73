"""The values an edit is made of, and how they are written down.

`EditRequest` says what was asked and has a key; `EditResult` says what came; `EditRecord` is the immutable
JSON of one attempt; `Edit` is a record whose pictures can be opened; `Note` is a star or a tag given later,
`Marks` what notes come to; `Summary` is what looking through many edits needs, `Tree` which went on from
which, and `Grid` edits that were asked for together.
"""

from requesty_nb.models.differences import Difference, Differences, differences
from requesty_nb.models.edits import Edit, Home
from requesty_nb.models.grids import Axis, Cell, Grid, Page, pages
from requesty_nb.models.notes import (
    LAST,
    NO_MARKS,
    NOTE_BYTES,
    Mark,
    Marks,
    Note,
    decode_note,
    encode_note,
    folded,
    note_time,
)
from requesty_nb.models.pictures import Picture
from requesty_nb.models.records import (
    NOT_KEPT,
    RECORD_VERSION,
    Cost,
    EditRecord,
    EditResult,
    Failure,
    ImageInfo,
    State,
    decode_record,
    encode_record,
)
from requesty_nb.models.requests import UNKEYED, EditRequest, ImageRef
from requesty_nb.models.seals import is_sealed, sealed
from requesty_nb.models.summaries import Summary, summary_of
from requesty_nb.models.trees import Tree

__all__ = [
    "LAST",
    "NOTE_BYTES",
    "NOT_KEPT",
    "NO_MARKS",
    "RECORD_VERSION",
    "UNKEYED",
    "Axis",
    "Cell",
    "Cost",
    "Difference",
    "Differences",
    "Edit",
    "EditRecord",
    "EditRequest",
    "EditResult",
    "Failure",
    "Grid",
    "Home",
    "ImageInfo",
    "ImageRef",
    "Mark",
    "Marks",
    "Note",
    "Page",
    "Picture",
    "State",
    "Summary",
    "Tree",
    "decode_note",
    "decode_record",
    "differences",
    "encode_note",
    "encode_record",
    "folded",
    "is_sealed",
    "note_time",
    "pages",
    "sealed",
    "summary_of",
]
