"""Modes and colour profiles: any Pillow image to 8-bit L, RGB or RGBA in sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from requesty_nb.errors import BadImage

_FINE = frozenset(("L", "RGB", "RGBA"))
_NOTES = {
    "1": "1 bit grey widened to 8",
    "P": "its palette was resolved to full colours",
    "PA": "its palette was resolved to full colours",
    "CMYK": "CMYK converted to RGB",
    "I": "integer grey reduced to 8 bits",
    "F": "floating point grey reduced to 8 bits",
}
_SIXTEEN = "16 bits a channel reduced to 8"
_BROKEN_PROFILE = "its broken colour profile was ignored"
_NEAR = 2  # of 255: a profile that moves no colour further is sRGB in all but name
_TOP_8, _TOP_16 = 255, 65535


def plain(image: Image.Image) -> Image.Image:
    """Reduce to 8-bit L, RGB, RGBA or CMYK by rules that are the same on every platform.

    16-bit grey is divided by 257 and rounded. Integer and floating point grey is taken as 0 to 1 (floating
    point only), else 0 to 255, else 0 to 65535, whichever holds all its values.

    Raises:
        BadImage: its values fit none of these.
    """
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _grey(image)
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return _made(ImageCms.profileToProfile(image, lab, _srgb(), outputMode="RGB"))
    if image.mode == "CMYK" or (image.mode in _FINE and "transparency" not in image.info):
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def plain_note(mode: str) -> str:
    """Return what `plain` and `in_srgb` do to pixels of ``mode``, as a note; ``""`` for nothing."""
    return _NOTES.get(mode) or (_SIXTEEN if "16" in mode else "")


def _grey(image: Image.Image) -> Image.Image:
    import numpy as np  # noqa: PLC0415 - heavy, and rarely needed

    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= _TOP_16):  # not a number fails both
        raise BadImage(
            f"Its values run from {low:g} to {high:g}, and what is white among them cannot be told.",
            hint="Scale them to 0..255 and pass 8 bits.",
        )
    if image.mode == "F" and high <= 1:
        top = 1
    elif image.mode.startswith("I;16") or high > _TOP_8:
        top = _TOP_16
    else:
        top = _TOP_8
    return Image.fromarray(np.floor(values * (_TOP_8 / top) + 0.5).astype(np.uint8))


def profile_of(image: Image.Image) -> bytes:
    """Return the ICC profile an image carries; ``b""`` if none."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) else b""


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert what `plain` returned to L, RGB or RGBA in sRGB.

    A profile that is broken, or made for another kind of picture, is ignored; `read_profile` says so.
    """
    transform, _ = read_profile(image.mode, profile)
    if transform is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if image.mode == "L":
        return _made(transform.apply(image.convert("RGB"))).convert("L")
    return _made(transform.apply(image))


def read_profile(mode: str, profile: bytes) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """Return the way from ``profile`` to sRGB, and a note if the profile is of no use.

    The way is None where there is nothing to do: no profile, one that is sRGB in all but name, or grey with
    a curve of its own, which is kept as it is.
    """
    if not profile:
        return None, ""
    source = mode if mode in {"RGBA", "CMYK"} else "RGB"
    try:
        with io.BytesIO(profile) as file:
            made = ImageCms.ImageCmsProfile(file)
        if made.profile.xcolor_space == "GRAY" and mode in {"1", "L", "I", "F", "I;16"}:
            return None, ""
        transform = ImageCms.buildTransform(made, _srgb(), source, "RGBA" if mode == "RGBA" else "RGB")
        if source != "CMYK" and _moves_little(transform, source):
            return None, ""
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None, _BROKEN_PROFILE
    return transform, ""


def _moves_little(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    steps = range(0, 256, 51)
    lattice = bytes(value for r in steps for g in steps for b in steps for value in (r, g, b))
    before = Image.frombytes("RGB", (len(steps) ** 2, len(steps)), lattice)
    after = _made(transform.apply(before.convert(mode))).convert("RGB").tobytes()
    return max(abs(one - two) for one, two in zip(lattice, after, strict=True)) <= _NEAR


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _made(image: Image.Image | None) -> Image.Image:
    if image is None:  # pragma: no cover - only transforms in place return nothing
        raise BadImage("Its colours cannot be converted.")
    return image
