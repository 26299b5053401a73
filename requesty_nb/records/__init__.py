"""The records on disk: plain files whose names give order, key, take and state; no database.

::

    edits/<UTC date>/<id>-<16 hex of the key's hash>-<take>-<ok|failed|unknown>.json
    objects/ab/<sha256>      sources, masks, results, restored pictures: byte for byte
    pending/<id>.json        sent, no answer recorded yet
    notes/<id>/<time>-<nonce>.json   stars and tags given or taken away later: events, folded on reading
    cache/                   thumbnails and summaries: derived, deletable at any time

Objects are written first, then the record, then the pending note goes: a crash leaves no half edit.

- `history`: `History`, what writes and finds; `looking`: `Looking` and `Selection`, what looks through.
- `shelf`: a folder as it is read; `index`, `names`, `objects`, `pending`, `notes`, `cache`: what lies in it.
- `lineage`, `nearest`: which edits belong together. `checking`, `removing`, `merging`: what keeps it whole.
- `files`: the system calls under all of them.
"""

from requesty_nb.records.checking import Fault, Report
from requesty_nb.records.history import History
from requesty_nb.records.looking import Looking, Selection
from requesty_nb.records.merging import Imported
from requesty_nb.records.names import MOST_TAKES, new_id
from requesty_nb.records.pending import Pending, likely_bill, likely_cost
from requesty_nb.records.removing import Removed

__all__ = [
    "MOST_TAKES",
    "Fault",
    "History",
    "Imported",
    "Looking",
    "Pending",
    "Removed",
    "Report",
    "Selection",
    "likely_bill",
    "likely_cost",
    "new_id",
]
