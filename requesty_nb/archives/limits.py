"""How large what is read may be: an export can come from a stranger.

Each limit lies far above what an honest export holds, and far below what would hurt.
"""

from __future__ import annotations

PIECE = 1 << 20  # bytes that are read or written at once
MAX_OBJECT = 1_000_000_000  # bytes of one picture: the endpoint's are below 50 MB, a huge restored one is not
MAX_LINE = (
    4_000_000  # bytes of one record: JSON as large as that takes some hundred megabytes when it is read
)
MAX_RECORDS = 200_000  # edits in one export
MAX_OBJECTS = 1_000_000  # pictures of them
MAX_FAULTS = 1_000  # records that cannot be read, before the rest is not looked at; and likewise notes
MAX_NOTES = 10_000  # stars and tags, given and taken away again, of one edit
MAX_LISTING = 16 << 20  # bytes of a zip's own list of entries: some 150 000, in at most 200 MB of memory
MAX_ENTRIES = 200_000  # of a zip
MAX_RATIO = 200  # of an entry's bytes to those it is packed in, unless it is text, which can repeat itself
RATIO_FROM = 1 << 20  # bytes of an entry from which the ratio is looked at
MAX_NAME = 1_000  # characters of a file's path
MAX_PARTS = 5  # of a file's path: macOS packs __MACOSX/run/notes/<id>/._<time>-<nonce>.json
MAX_NESTING = 64  # lists within lists of a parameter
MAX_MADE = 1_000  # pictures of one edit
MAX_SIDE = 1_000_000  # pixels
RESERVE = 256_000_000  # bytes of a disk that an import leaves free
RESERVED_PART = 100  # or one part of so many, where that is less
