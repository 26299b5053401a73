"""The TypeScript of the widgets: tests, types and style, and bundles that are built from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
JS = HOUSE / "js"
STATIC = HOUSE / "requesty_nb" / "static"
# Minified, in bytes at most: they travel with every widget's state.
BUNDLE = {
    "editor.js": 61_000,
    "editor.css": 12_000,
    "gallery.js": 32_000,
    "gallery.css": 11_500,
    "page.js": 32_000,
    "comparison.js": 22_000,
    "comparison.css": 9_000,
    "comparison_page.js": 18_000,
}


def tool() -> str:
    """Return Node's path; skip where it or its packages are missing, or fail where all tools are required."""
    node = shutil.which("node")
    gap = "Node" if node is None else "" if (JS / "node_modules").is_dir() else "js/node_modules"
    if gap and os.environ.get("REQUESTY_NB_TOOLS") == "required":
        pytest.fail(f"{gap} is missing, and all tools are required here")
    if node is None or gap:
        pytest.skip(f"{gap} is not installed")
    return node


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_the_typescript_tests_pass(tmp_path):
    node = tool()
    run(node, "build.mjs", "test", str(tmp_path))
    built = sorted(str(path) for path in tmp_path.glob("*.test.js"))
    assert len(built) == len(list((JS / "test").glob("*.test.ts"))) > 0
    run(node, "--test", *built)


def test_types_and_style_hold():
    tool()
    binaries = JS / "node_modules" / ".bin"
    run(str(binaries / "tsc"), "--noEmit")
    run(str(binaries / "biome"), "ci", "--error-on-warnings", ".")


def test_the_bundle_is_what_the_sources_build(tmp_path):
    run(tool(), "build.mjs", str(tmp_path))
    for name in BUNDLE:
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), f"npm run build: {name} is old"


def test_the_bundle_is_small_and_names_no_place():
    for name, most in BUNDLE.items():
        text = (STATIC / name).read_text("utf-8")
        assert len(text.encode()) <= most
        assert "http://" not in text.replace("http://www.w3.org/", "")
        assert "https://" not in text
        assert str(HOUSE) not in text


def test_what_stands_in_a_page_cannot_end_its_element():
    for name in ("page.js", "comparison_page.js"):
        assert not re.search(r"</script|<!--", (STATIC / name).read_text("utf-8"), re.IGNORECASE)
    for name in ("gallery.css", "comparison.css"):
        assert "</" not in (STATIC / name).read_text("utf-8")
