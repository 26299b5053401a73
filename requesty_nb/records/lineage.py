"""`Lineage`: which edits went on from which, found from the digests of pictures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.models import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from requesty_nb.models import Summary


class Lineage:
    """Who made each picture, and who went on from it.

    An edit that has another's picture as a source is its child. Where several made the very same picture,
    it is the oldest's; and nobody goes on from what is not there yet.
    """

    def __init__(self, summaries: Iterable[Summary]) -> None:
        self._makers: dict[str, str] = {}  # a picture's identity -> the id of the edit that made it first
        self._users: dict[str, list[str]] = {}  # likewise -> the ids of those that had it as a source
        for summary in summaries:
            for identity in summary.made:
                first = self._makers.setdefault(identity, summary.id)
                self._makers[identity] = min(first, summary.id)
            for identity in summary.given:
                self._users.setdefault(identity, []).append(summary.id)

    def parents(self, summary: Summary) -> list[str]:
        """Return the ids of the edits whose pictures were an edit's sources, in the sources' order."""
        makers = (self._makers.get(identity) for identity in summary.given)
        return list(dict.fromkeys(maker for maker in makers if maker is not None and maker < summary.id))

    def children(self, summary: Summary) -> list[str]:
        """Return the ids of the edits that went on from an edit's pictures, oldest first."""
        mine = [identity for identity in summary.made if self._makers.get(identity) == summary.id]
        users = {user for identity in mine for user in self._users.get(identity, ())}
        return sorted(user for user in users if user > summary.id)


def tree_of(summaries: Sequence[Summary]) -> Tree:
    """Return the lineage of edits among themselves."""
    lineage = Lineage(summaries)
    parents = {summary.id: tuple(lineage.parents(summary)) for summary in summaries}
    return Tree(tuple(summaries), {identifier: found for identifier, found in parents.items() if found})
