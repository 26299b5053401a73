"""Cell text to a request's ingredients and back, pure.

``%%imgedit IMAGE... [options]``, and the prompt below it. `parse` reads the line, `fill` the prompt,
`to_cell` writes both; `complete` and `help_text` serve whoever types. Nothing here looks at files, variables
or the network: names stay names, and `fill` asks its caller for the value of an expression.
"""

from requesty_nb.options.converting import MOST_PARTIALS, as_json
from requesty_nb.options.line import complete, parse, to_cell
from requesty_nb.options.table import OPTIONS, TAKEN, Option, Options, help_text
from requesty_nb.options.template import escape, fill, names_in, parted

__all__ = [
    "MOST_PARTIALS",
    "OPTIONS",
    "TAKEN",
    "Option",
    "Options",
    "as_json",
    "complete",
    "escape",
    "fill",
    "help_text",
    "names_in",
    "parse",
    "parted",
    "to_cell",
]
