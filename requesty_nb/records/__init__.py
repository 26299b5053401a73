"""The records on disk: plain files whose names give order, key, take and state; no database.

::

    edits/<UTC date>/<id>-<16 hex of the key's hash>-<take>-<ok|failed|unknown>.json
    objects/ab/<sha256>      sources, masks, results, restored pictures: byte for byte
    pending/<id>.json        sent, no answer recorded yet

Objects are written first, then the record, then the pending note goes: a crash leaves no half edit.
"""

from requesty_nb.records.history import History
from requesty_nb.records.names import new_id
from requesty_nb.records.pending import Pending

__all__ = ["History", "Pending", "new_id"]
