"""What ComfyUI writes into its pictures: the graph of nodes that made one, as JSON.

::

    {"3": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["6", 0], "negative": ["7", 0], …}},
     "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox in the snow", "clip": ["4", 1]}}, …}

An input is a value, or a link: the node it comes from and which of its outputs. Anybody can add kinds of
nodes, so this goes by the names of inputs, not of kinds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from requesty_nb.provenance.foreign import Foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

Graph = dict[str, dict[str, Any]]

_MOST_NODES = 5_000
_MOST_TRIED = 8  # nodes that could be the one that draws
_TEXTS = ("text", "prompt", "string", "value", "t5xxl", "clip_l", "text_g", "text_l")
_CHECKPOINTS = ("ckpt_name", "unet_name", "model_name")
_SETTINGS = ("seed", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
_DRAWING = frozenset(("latent_image", "samples", "steps", "seed", "noise_seed"))
# links that lead away from what was wanted
_ASIDE = frozenset(
    ("negative", "clip", "model", "vae", "control_net", "image", "latent_image", "samples", "pixels", "mask")
)


def parse(text: str) -> Foreign | None:
    """Return what a graph says; None if it is none, or no prompt can be found in it."""
    try:
        graph = _graph(json.loads(text))
    except (ValueError, RecursionError):  # also a number of too many digits
        return None
    sampler = _sampler(graph)
    if sampler is None:
        return None
    inputs = graph[sampler]
    prompt = _text(graph, inputs.get("positive", inputs.get("guider")))
    if not prompt:
        return None
    negative = _text(graph, inputs.get("negative"))
    before = [graph[one] for one in _upstream(graph, sampler, frozenset())]
    others = [f"negative prompt: {negative}"] if negative else []
    for name in _SETTINGS:
        value = next((one[name] for one in before if _is_plain(one.get(name))), None)
        others += [] if value is None else [f"{name}: {value}"]
    others += [f"LoRA: {one['lora_name']}" for one in before if isinstance(one.get("lora_name"), str)]
    names = (one[name] for one in before for name in _CHECKPOINTS if isinstance(one.get(name), str))
    return Foreign(prompt, _size(before), next(names, ""), tuple(others))


def _graph(value: object) -> Graph:
    """Return the inputs of the nodes, by the nodes' names; what is no node is left out."""
    if not isinstance(value, dict) or len(value) > _MOST_NODES:
        return {}
    return {
        name: node["inputs"]
        for name, node in value.items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }


def _sampler(graph: Graph) -> str | None:
    """Return the node that draws: the first that is told what is wanted, and leads to a text."""
    told = [
        (name, inputs[wanted[0]])
        for wanted in (("positive", "negative"), ("positive",), ("guider",))
        for name, inputs in graph.items()
        if all(_link(graph, inputs.get(one)) for one in wanted) and not _DRAWING.isdisjoint(inputs)
    ]
    return next((name for name, link in told[:_MOST_TRIED] if _text(graph, link)), None)


def _text(graph: Graph, link: object) -> str:
    """Return the texts that a link leads to, without doubles, in order."""
    start = _link(graph, link)
    found: dict[str, None] = {}
    for node in _upstream(graph, start, _ASIDE) if start else ():
        for name in _TEXTS:
            value = graph[node].get(name)
            if isinstance(value, str) and value.strip():
                found[value.strip()] = None
    return "\n".join(found)


def _upstream(graph: Graph, start: str, aside: frozenset[str]) -> Iterator[str]:
    """Yield a node and those it is made of, each once, nearest first, but for what comes in by some names."""
    queue, seen = [start], {start}
    for node in queue:
        yield node
        for name, value in graph[node].items():
            before = None if name in aside else _link(graph, value)
            if before is not None and before not in seen:
                seen.add(before)
                queue.append(before)


def _link(graph: Graph, value: object) -> str | None:
    """Return the node a link comes from, if it is a link to one."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a node, and which of its outputs
        return None
    name = str(value[0]) if isinstance(value[0], str | int) else ""
    return name if name in graph else None


def _size(nodes: list[dict[str, Any]]) -> tuple[int, int] | None:
    for inputs in nodes:
        size = inputs.get("width"), inputs.get("height")
        if all(isinstance(one, int) and not isinstance(one, bool) for one in size):
            return size  # type: ignore[return-value]  # both are whole numbers
    return None


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
