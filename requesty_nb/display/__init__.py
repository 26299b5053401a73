"""Values to mime bundles: what a notebook, its saved file and a terminal show of an edit.

- `facts`: what is known of an edit, in words.
- `heat`: where a raw result changed what was to be kept.
- `figures`: pictures as thumbnails.
- `cards`: the card of an edit or a picture.
- `partials`: unfinished pictures.
- `rehearsals`: what would be sent and may cost.
- `sheets`: a grid as one picture; `grids`: as a table of HTML; `tiles`: what both show of a cell.
- `listings`: many attempts in plain text; `costs`: what they cost.
- `comparing`: what is to be compared, opened; `labels`: what tells it apart; `outlines`: edges of masks.
- `comparisons`: the static form of a comparison.
- `trees`: which edits went on from which, drawn.
"""

from requesty_nb.display.cards import edit_bundle, picture_bundle
from requesty_nb.display.costs import cost_bundle, cost_lines
from requesty_nb.display.facts import edit_text, facts, headline, shortened
from requesty_nb.display.figures import tinted
from requesty_nb.display.heat import heat_picture
from requesty_nb.display.listings import counted, failure_lines, history_lines
from requesty_nb.display.partials import partial_html
from requesty_nb.display.rehearsals import rehearsal_bundle, rehearsals_bundle
from requesty_nb.display.sheets import contact_sheet
from requesty_nb.display.trees import tree_bundle, tree_mermaid, tree_svg, tree_text

__all__ = [
    "contact_sheet",
    "cost_bundle",
    "cost_lines",
    "counted",
    "edit_bundle",
    "edit_text",
    "facts",
    "failure_lines",
    "headline",
    "heat_picture",
    "history_lines",
    "partial_html",
    "picture_bundle",
    "rehearsal_bundle",
    "rehearsals_bundle",
    "shortened",
    "tinted",
    "tree_bundle",
    "tree_mermaid",
    "tree_svg",
    "tree_text",
]
