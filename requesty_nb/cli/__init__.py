"""The ``requesty-nb`` command: the doors of a terminal."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb.cli import history
from requesty_nb.errors import BadRequest, ImgEditError
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

DEMO_FOLDER = "requesty-demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 done, 1 an error that is told, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a prompt may hold what the terminal cannot show
    parser = _parser()
    options, further = parser.parse_known_args(arguments)
    if further and options.run is not _lab:
        parser.error(f"unrecognized arguments: {' '.join(further)}")
    options.further = further
    try:
        return int(options.run(options))
    except ImgEditError as error:
        print("\n".join(error._render_traceback_()), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="requesty-nb", description="Edit images by prompt and mask in a notebook, and keep every edit."
    )
    parser.add_argument("--version", action="version", version=f"requesty-nb {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="edit a photograph offline, with no key, and keep what was made")
    demo.add_argument(
        "photo", nargs="?", metavar="PHOTO", help="your own photograph (default: one that is shipped)"
    )
    demo.add_argument(
        "--into", default=DEMO_FOLDER, metavar="FOLDER", help=f"where it goes (default: ./{DEMO_FOLDER})"
    )
    demo.set_defaults(run=_demo)

    lab = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Further options, such as --no-browser or --port=9999, go to JupyterLab.",
    )
    lab.add_argument(
        "--into",
        default="requesty-notebooks",
        metavar="FOLDER",
        help="where your copies of them go (default: ./requesty-notebooks)",
    )
    lab.set_defaults(run=_lab)

    serve = commands.add_parser("serve", help="serve the offline endpoint over HTTP, for any client")
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="0 takes a free one (default: 8000)"
    )
    serve.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine only")
    serve.add_argument("--as", dest="names", action="append", default=[], metavar="MODEL",
                       help="also answer under this model's name; repeatable")  # fmt: skip
    serve.add_argument(
        "--delay", type=float, default=0.0, metavar="S", help="seconds that each edit takes (default: 0)"
    )
    serve.add_argument(
        "--limit", type=int, metavar="N", help="edits at a time; more are asked to come back (429)"
    )
    serve.set_defaults(run=_serve)

    listing = commands.add_parser(
        "history", help="list the kept edits, draw, check, export or import them, or say what they cost"
    )
    history.options_of(listing)
    listing.set_defaults(run=history.run)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from requesty_nb.cli.demo import demo  # noqa: PLC0415 - each command loads what it needs

    photo = None if options.photo is None else Path(options.photo).expanduser()
    return demo(photo, Path(options.into).expanduser())


def _lab(options: argparse.Namespace) -> int:
    from requesty_nb.cli.lab import lab  # noqa: PLC0415 - each command loads what it needs

    return lab(Path(options.into).expanduser(), options.further)


def _serve(options: argparse.Namespace) -> int:
    from requesty_nb.cli.serve import serve  # noqa: PLC0415 - each command loads what it needs

    if options.delay < 0 or (options.limit is not None and options.limit < 1):
        raise BadRequest("--delay is a number of seconds from 0, --limit a number from 1.")
    return serve(options.host, options.port, tuple(options.names), delay=options.delay, limit=options.limit)
