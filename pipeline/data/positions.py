"""Places by their positions: those are one place that are joined by short distances.

That is single linkage, or DBSCAN for which every position is a core; scikit-learn's lists all
neighbours of each position, which are gigabytes if tens of thousands of photographs are of one bay.
"""

import numpy as np

EARTH = 6_371_008.8  # metres: the mean radius


def number_places(degrees: np.ndarray, metres: float) -> np.ndarray:
    """Number the places of n positions (n x 2, latitude and longitude) from 0.

    metres : above 0; two positions at most that far apart are one place
    """
    from scipy.sparse import coo_matrix  # 20 MB, and most collections have no positions
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    positions, rows = np.unique(degrees, axis=0, return_inverse=True)
    points = to_points(positions)
    reach = 2 * EARTH * np.sin(min(metres / EARTH / 2, np.pi / 2))  # straight through the earth
    # all positions of a cube of this side are within reach of each other
    cubes, cube = np.unique(np.floor(points / (reach / np.sqrt(3))), axis=0, return_inverse=True)
    members = np.split(np.argsort(cube, kind="stable"), np.bincount(cube).cumsum()[:-1])
    trees = [cKDTree(points[own]) for own in members]
    # reach is less than two sides, so that it ends at the second cube in each direction
    near = cKDTree(cubes).query_pairs(2, p=np.inf, output_type="ndarray")
    linked = [trees[a].count_neighbors(trees[b], reach) > 0 for a, b in near]
    first, second = near[np.array(linked, bool)].T
    links = coo_matrix((np.ones(len(first)), (first, second)), (len(cubes), len(cubes)))
    return connected_components(links, directed=False)[1][cube][rows]


def to_points(degrees: np.ndarray) -> np.ndarray:
    """Positions as points of a ball of the earth's size, n x 3 in metres."""
    latitude, longitude = np.radians(degrees).T
    flat = np.cos(latitude)
    unit = np.column_stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)])
    return EARTH * unit
