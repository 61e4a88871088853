"""Two photographs side by side, with their matches as lines."""

import cv2
import numpy as np

GAP = 12  # pixels between the two
INLIER_COLOUR, OUTLIER_COLOUR = (60, 220, 60), (170, 170, 170)  # RGB


def draw_matches(
    views: tuple[np.ndarray, np.ndarray],
    points: tuple[np.ndarray, np.ndarray],
    inlier: np.ndarray,
) -> np.ndarray:
    """Draw two views (H x W x 3 each) with one line per match, uint8 H x W x 3.

    points : n x 2 each, the ends of the matches in the first and in the second view
    inlier : bool n: inliers are green and drawn on top, the others are grey
    """
    heights, widths = zip(*(view.shape[:2] for view in views), strict=True)
    picture = np.full((max(heights), sum(widths) + GAP, 3), 255, np.uint8)
    picture[: heights[0], : widths[0]] = views[0]
    picture[: heights[1], widths[0] + GAP :] = views[1]
    ends = np.rint([points[0], points[1] + np.array([widths[0] + GAP, 0])]).astype(int)
    for match in np.argsort(inlier, kind="stable"):
        first, second = (tuple(end.tolist()) for end in ends[:, match])
        colour = INLIER_COLOUR if inlier[match] else OUTLIER_COLOUR
        cv2.line(picture, first, second, colour, 1, cv2.LINE_AA)
        for end in (first, second):
            cv2.circle(picture, end, 3, colour, 1, cv2.LINE_AA)
    return picture
