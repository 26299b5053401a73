"""The editor: a photo, the mask drawn on it, and the edits made with both, in a notebook's output.

- `drawing`: what is drawn, with undo; `rasters`: which of its states keep their pixels.
- `messages`: what the browser sends, as operations.
- `canvases`: the pictures in the browser; `detail`: parts of them at the photo's own scale.
- `colours`: a mask colour that shows on a photo.
- `surface`: the widget as far as it is drawn on.
- `references`: further input pictures.
- `editor`: `Editor`, which adds prompt, options, edits and their results.
- `static`: what is left where widgets do not run.
- `gallery`, `comparison`, `grid`: many edits to look through, two or more beside each other, a sweep under
  way; `places`: what a grid says of its cells.
"""

from requesty_nb.widgets.editor import Editor

__all__ = ["Editor"]
