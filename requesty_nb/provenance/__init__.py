"""Recipes in and out of image files: a picture that says how it was made, and the cell that makes it again."""
