"""Which recorded edits a request is most like: what to tell where nothing but the record may answer."""

from __future__ import annotations

from difflib import SequenceMatcher
from heapq import nlargest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from requesty_nb.models import EditRequest, Summary

_FEW = 8  # whose records are opened
_LOOKED_AT = 400  # characters of a prompt
_CLOSE = 64  # whose prompts are compared letter by letter


def nearest(summaries: Iterable[Summary], request: EditRequest) -> list[str]:
    """Return the ids of the few edits that are most like a request, by what summaries tell."""
    given = tuple(ref.digest for ref in request.images)
    words = set(request.prompt.casefold().split())

    def roughly(summary: Summary) -> tuple[float, ...]:
        own = set(summary.prompt.casefold().split())
        common = len(words & own) / max(1, len(words | own))
        return 2.0 * (summary.given == given) + (summary.model == request.model) + 2.0 * common, common

    prompt = SequenceMatcher(b=request.prompt[:_LOOKED_AT], autojunk=False)

    def closely(summary: Summary) -> tuple[float, str]:
        prompt.set_seq1(summary.prompt[:_LOOKED_AT])
        alike = 2.0 * (summary.given == given) + (summary.model == request.model) + 2.0 * prompt.ratio()
        return alike + (summary.n == request.n) / 2, summary.id  # of equals, the newest

    close = nlargest(_CLOSE, summaries, key=roughly)
    return [summary.id for summary in nlargest(_FEW, close, key=closely)]
