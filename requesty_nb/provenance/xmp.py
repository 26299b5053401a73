"""The XMP packet of an exported copy: what kind of picture it is, and what made it.

Terms: IPTC Photo Metadata Standard 2025.1 and its NewsCodes for the digital source type. Where a picture has
a packet, what it says of other things stays: who took it, whose it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.dom import Node, minidom
from xml.parsers.expat import ExpatError

if TYPE_CHECKING:
    from collections.abc import Mapping

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_TERMS = "http://purl.org/dc/terms/"
_PREFIXES = {_XMP: "xmp", _IPTC: "Iptc4xmpExt"}
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
EDITED_BY_MODEL = f"{_SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"
# The offline painter learned from no picture; "algorithmicallyEnhanced" leaves the content as it was, and
# the terms for composites say that generative AI took part, or may have.
DRAWN_BY_PROGRAM = f"{_SOURCE_TYPES}algorithmicMedia"

_TOOL, _TYPE = (_XMP, "CreatorTool"), (_IPTC, "DigitalSourceType")
_SYSTEM, _PROMPT = (_IPTC, "AISystemUsed"), (_IPTC, "AIPromptInformation")
# what speaks of the file as it was: the last one is the address of content credentials
_OURS = (_TOOL, _TYPE, _SYSTEM, _PROMPT, (_TERMS, "provenance"))
_LONGEST_OLD = 256_000  # bytes of a packet that is read; parsed it takes some hundred times as much
_LONGEST_PROMPT = 4_000  # characters: in a JPEG the packet has to fit into one segment
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'


def packet(old: bytes, *, tool: str, model: str, prompt: str, drawn: bool) -> bytes:
    """Return the packet, in UTF-8.

    Args:
        old: the packet of the picture so far; empty if it has none. One that cannot be read, or is longer
            than 256 000 bytes, is left out.
        tool: the program that writes this.
        model: the model that made the picture.
        prompt: what it was told; its beginning, if it is long.
        drawn: whether a program without a trained model made it.
    """
    values = {_TOOL: tool, _TYPE: DRAWN_BY_PROGRAM if drawn else EDITED_BY_MODEL}
    if not drawn:
        values |= {_SYSTEM: model, _PROMPT: prompt[:_LONGEST_PROMPT]}
    try:
        text = _merged(old, values)
    except (ExpatError, LookupError, RecursionError, ValueError):
        text = _merged(b"", values)
    return (_HEAD + text + _TAIL).encode()


def _merged(old: bytes, values: Mapping[tuple[str, str], str]) -> str:
    if len(old) > _LONGEST_OLD or b"<!DOCTYPE" in old:  # which could declare entities that grow
        raise ValueError("not a packet to be read")
    # as text: whatever encoding it declares, it is UTF-8 in which nothing was declared
    document = minidom.parseString(old.decode() or _EMPTY)  # noqa: S318 - without entities
    root = document.documentElement
    if root is None:
        raise ValueError("empty")
    (rdf,) = [root] if root.namespaceURI == _RDF else root.getElementsByTagNameNS(_RDF, "RDF")[:1]
    said = [one for one in rdf.childNodes if one.nodeType == Node.ELEMENT_NODE]
    about = said[0].getAttributeNS(_RDF, "about") if said else ""
    for element in said:
        _forget(element)
        if not any(one.nodeType == Node.ELEMENT_NODE for one in element.childNodes) and _is_bare(element):
            rdf.removeChild(element)
    rdf.appendChild(_described(document, about, values))
    text: str = root.toxml()
    return text


def _forget(element: minidom.Element) -> None:
    """Take out of a description what is said anew."""
    for space, name in _OURS:
        if element.hasAttributeNS(space, name):
            element.removeAttributeNS(space, name)
    for child in list(element.childNodes):
        if child.nodeType == Node.ELEMENT_NODE and (child.namespaceURI, child.localName) in _OURS:
            element.removeChild(child)


def _is_bare(element: minidom.Element) -> bool:
    """Tell whether the attributes say nothing, but only what is spoken of."""
    names = [(space, name) for space, name in element.attributes.keysNS()]
    return all(space == _XMLNS or (space, name) == (_RDF, "about") for space, name in names)


def _described(
    document: minidom.Document, about: str, values: Mapping[tuple[str, str], str]
) -> minidom.Element:
    description = document.createElementNS(_RDF, "rdf:Description")
    for prefix, space in {"rdf": _RDF, **{prefix: space for space, prefix in _PREFIXES.items()}}.items():
        description.setAttributeNS(_XMLNS, f"xmlns:{prefix}", space)
    description.setAttributeNS(_RDF, "rdf:about", about)
    for (space, name), value in values.items():
        element = document.createElementNS(space, f"{_PREFIXES[space]}:{name}")
        element.appendChild(document.createTextNode(_NOT_XML.sub("", value)))
        description.appendChild(element)
    return description
