"""The mesh of measured sizes: which of them surround a shape, and how much each counts.

A shape is a point (log10 n_samples, log10 n_features). It lies in the first triangle whose
barycentric weights are all at least -`TOLERANCE`. A shape in none takes the nearest point of the
hull's edges. A page that has sizes, triangles and edges places shapes in the same way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from scipy.spatial import Delaunay

MEASURED, BETWEEN, OUTSIDE = "measured", "between", "outside"
TOLERANCE = 1e-9
# Times change most with n_samples x n_features: stretched that way, a square of the grid is cut
# along equal products, in which direction times are nearest to a plane.
_STRETCHED = np.array([[1.5, 1.0], [1.5, -1.0]])
Size = tuple[int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where a shape lies.

    Attributes
    ----------
    kind : str
        `MEASURED`, `BETWEEN` or `OUTSIDE`.
    corners : tuple of int
        Indices of the measured sizes that count.
    shares : tuple of float
        How much each counts, in logarithms; their sum is 1.
    factor : float
        How far outside: the ratio of n_samples or n_features to that of the nearest point of the
        hull, or its inverse, whichever is larger; 1 inside.
    """

    kind: str
    corners: tuple[int, ...]
    shares: tuple[float, ...]
    factor: float = 1.0


@dataclass(frozen=True)
class Mesh:
    """Measured sizes, and the triangles between them.

    Attributes
    ----------
    sizes : tuple of (n_samples, n_features)
        Sorted.
    triangles : tuple of (int, int, int)
        Indices of sizes; none if the sizes lie on one line.
    edges : tuple of (int, int)
        The edges of the hull. Sizes on one line: from each to the next; of one size: to itself.
    """

    sizes: tuple[Size, ...]
    triangles: tuple[tuple[int, int, int], ...]
    edges: tuple[tuple[int, int], ...]

    def place(self, n_samples: int, n_features: int) -> Place:
        """Where a shape lies."""
        if (n_samples, n_features) in self.sizes:
            return Place(MEASURED, (self.sizes.index((n_samples, n_features)),), (1.0,))
        point = _point((n_samples, n_features))
        for triangle in self.triangles:
            weights = _barycentric(point, *(self._corner(index) for index in triangle))
            if min(weights) >= -TOLERANCE:
                return _place(BETWEEN, triangle, weights)
        return self._nearest(point)

    def _nearest(self, point: Point) -> Place:
        """The place of the nearest point of the hull."""
        found = [_project(point, *(self._corner(index) for index in edge)) for edge in self.edges]
        distances = [math.dist(point, nearest) for _, nearest in found]
        first = distances.index(min(distances))
        share, nearest = found[first]
        away = max(abs(a - b) for a, b in zip(point, nearest, strict=True))
        kind = BETWEEN if distances[first] <= TOLERANCE else OUTSIDE
        return _place(kind, self.edges[first], (1 - share, share), 10**away)

    def _corner(self, index: int) -> Point:
        return _point(self.sizes[index])


def mesh_of(sizes: Iterable[Size]) -> Mesh:
    """The mesh of sizes, in any order.

    Raises
    ------
    ValueError
        If there are none.
    """
    own = tuple(sorted({(int(n), int(d)) for n, d in sizes}))
    if not own:
        raise ValueError("a mesh needs at least one size, got none")
    triangles = _triangles(np.array([_point(size) for size in own]))
    chain = tuple(pairwise(range(len(own)))) or ((0, 0),)
    return Mesh(own, triangles, _hull(triangles) or chain)


def _triangles(points: Any) -> tuple[tuple[int, int, int], ...]:
    """Delaunay's triangles of the stretched points, without those that are a line."""
    if len(points) < 3 or _width(points) < TOLERANCE:
        return ()
    found = sorted(
        tuple(sorted(map(int, each))) for each in Delaunay(points @ _STRETCHED).simplices
    )
    return tuple((a, b, c) for a, b, c in found if abs(_area(*points[[a, b, c]])) > TOLERANCE)


def _width(points: Any) -> float:
    """How far the points lie from one line."""
    return float(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1])


def _hull(triangles: Iterable[tuple[int, int, int]]) -> tuple[tuple[int, int], ...]:
    """Edges that belong to one triangle alone."""
    sides = Counter(side for triangle in triangles for side in combinations(triangle, 2))
    return tuple(sorted((a, b) for (a, b), count in sides.items() if count == 1))


def _point(size: Size) -> Point:
    return math.log10(size[0]), math.log10(size[1])


def _area(a: Point, b: Point, c: Point) -> float:
    """Twice the area of a triangle, negative if it runs clockwise."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))


def _barycentric(point: Point, a: Point, b: Point, c: Point) -> tuple[float, ...]:
    whole = _area(a, b, c)
    of_b, of_c = _area(a, point, c) / whole, _area(a, b, point) / whole
    return 1 - of_b - of_c, of_b, of_c


def _project(point: Point, a: Point, b: Point) -> tuple[float, Point]:
    """The nearest point of an edge, and its share of the way from a to b."""
    along = b[0] - a[0], b[1] - a[1]
    length = along[0] ** 2 + along[1] ** 2
    way = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]
    share = min(1.0, max(0.0, way / length)) if length else 0.0
    return share, (a[0] + share * along[0], a[1] + share * along[1])


def _place(
    kind: str, corners: tuple[int, ...], weights: tuple[float, ...], factor: float = 1.0
) -> Place:
    """A place with the corners that count."""
    own = [(corner, weight) for corner, weight in zip(corners, weights, strict=True)]
    own = [(corner, weight) for corner, weight in own if weight > TOLERANCE]
    total = sum(weight for _, weight in own)
    return Place(kind, tuple(c for c, _ in own), tuple(w / total for _, w in own), factor)
