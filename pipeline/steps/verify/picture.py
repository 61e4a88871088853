"""Two photographs side by side, their matched points joined."""

import cv2
import numpy as np

GAP = 12  # pixels between the two
FITS, STRAYS = (60, 220, 60), (170, 170, 170)  # RGB


def joined(
    views: tuple[np.ndarray, np.ndarray],
    points: tuple[np.ndarray, np.ndarray],
    inlier: np.ndarray,
) -> np.ndarray:
    """The picture, uint8 H x W x 3: `views` (H x W x 3 each) with a line a match.

    points : n x 2 each, a match's places in the first and in the second view
    inlier : n, which matches fit one map: these are green and lie on top, the others grey
    """
    heights, widths = zip(*(view.shape[:2] for view in views), strict=True)
    picture = np.full((max(heights), sum(widths) + GAP, 3), 255, np.uint8)
    picture[: heights[0], : widths[0]] = views[0]
    picture[: heights[1], widths[0] + GAP :] = views[1]
    moved = points[1] + np.array([widths[0] + GAP, 0])
    for at in np.argsort(inlier, kind="stable"):
        ends = [tuple(int(v) for v in np.rint(one[at])) for one in (points[0], moved)]
        colour = FITS if inlier[at] else STRAYS
        cv2.line(picture, *ends, colour, 1, cv2.LINE_AA)
        for end in ends:
            cv2.circle(picture, end, 3, colour, 1, cv2.LINE_AA)
    return picture
