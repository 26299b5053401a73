"""The painter: pictures by recipe.

Words of the prompt pick recipes (`vocabulary`), the mask says where, and a seed drawn from the pixels,
the prompt, the quality, the take and the index settles the rest. The same input gives the same picture
on every machine, but for rounding of single levels between processors.
"""

from requesty_nb.offline.painter.canvas import Canvas, nearest_size, prepare, preview
from requesty_nb.offline.painter.painting import paint
from requesty_nb.offline.painter.vocabulary import vocabulary

__all__ = ["Canvas", "nearest_size", "paint", "prepare", "preview", "vocabulary"]
