"""How far apart two drawn lines are."""

import numpy as np

Points = list[tuple[float, float]]


def apart(drawn: Points, hand: Points) -> float:
    """Return the farthest that either line is from the other, and their ends from each other's."""
    one, other = np.asarray(drawn, float), np.asarray(hand, float)
    ends = np.linalg.norm(one[[0, -1]] - other[[0, -1]], axis=1).max()
    return float(max(ends, _off(one, other), _off(other, one)))


def around(drawn: Points, hand: Points) -> float:
    """Return the farthest that either closed outline is from the other."""
    one, other = (np.asarray([*line, line[0]], float) for line in (drawn, hand))
    return float(max(_off(one, other), _off(other, one)))


def _off(points: np.ndarray, line: np.ndarray) -> float:
    """Return the farthest that a point is from a line of two points or more."""
    if len(line) == 1:
        return float(np.linalg.norm(points - line[0], axis=1).max())
    start, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    part = ((points[:, None] - start) * along).sum(axis=2) / length
    nearest = start + np.clip(part, 0, 1)[..., None] * along
    return float(np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1).max())
