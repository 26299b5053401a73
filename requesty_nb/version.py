"""The version of this package, in one place."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("requesty_nb")
except PackageNotFoundError:  # run from a source tree that is not installed
    VERSION = "0"
