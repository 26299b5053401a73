"""The values an edit is made of, and how they are written down.

`EditRequest` says what was asked and has a key; `EditResult` says what came; `EditRecord` is the immutable
JSON of one attempt; `Edit` is a record whose pictures can be opened.
"""

from requesty_nb.models.edits import Edit, Picture
from requesty_nb.models.records import (
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

__all__ = [
    "RECORD_VERSION",
    "UNKEYED",
    "Cost",
    "Edit",
    "EditRecord",
    "EditRequest",
    "EditResult",
    "Failure",
    "ImageInfo",
    "ImageRef",
    "Picture",
    "State",
    "decode_record",
    "encode_record",
]
