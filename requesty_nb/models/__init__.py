"""The values an edit is made of, and how they are written down.

`EditRequest` says what was asked and has a key; `EditResult` says what came; `EditRecord` is the immutable
JSON of one attempt; `Edit` is a record whose pictures can be opened; `Summary` is what looking through many
of them needs, `Tree` which went on from which, and `Grid` edits that were asked for together.
"""

from requesty_nb.models.differences import Difference, Differences, differences
from requesty_nb.models.edits import Edit, Home, Picture
from requesty_nb.models.grids import Axis, Cell, Grid, Page, pages
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
    "NOT_KEPT",
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
    "Page",
    "Picture",
    "State",
    "Summary",
    "Tree",
    "decode_record",
    "differences",
    "encode_record",
    "is_sealed",
    "pages",
    "sealed",
    "summary_of",
]
