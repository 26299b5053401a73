"""Recipes in and out of image files: a picture that says how it was made, and the cell that makes it again.

- `recipes`: `Recipe`, the value; `recipe_of` an edit.
- `forms`: how it is written down.
- `words`: names from strangers as words of a cell.
- `parts`, `exif`, `xmp`: the places in files.
- `copies`: `with_recipe`, a picture file that carries one.
- `texts`, `a1111`, `comfyui`, `foreign`: what files carry, also from other programs.
- `finding`: `recipe`, which reads it back, and `sidecar`, for what no picture can hold.
"""

from requesty_nb.provenance.copies import with_recipe
from requesty_nb.provenance.finding import recipe, sidecar, sidecar_path
from requesty_nb.provenance.forms import RecipeTooLong
from requesty_nb.provenance.recipes import Recipe, recipe_of

__all__ = ["Recipe", "RecipeTooLong", "recipe", "recipe_of", "sidecar", "sidecar_path", "with_recipe"]
