"""Which photographs a decision concerns: only their labels are resolved again.

The label of a photograph depends on its duplicates, on all photographs of its identity, and on
what `same` joins it to; on nothing else. What a decision can change lies within reach of its
photographs.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels.review import build_new_names
from pipeline.steps.labels.verdicts import name_photographs, replaces

KEYS = ["image_a", "image_b", "decision"]


def pair_photographs(decision: dict[str, str]) -> tuple[str, ...]:
    """What a decision is about: later ones on the same replace it."""
    return tuple(sorted(name_photographs(*(decision[key] for key in KEYS))))


class Scope:
    """The photographs with what links them, and the last decision on every pair.

    images, groups, pseudo : the tables of these names
    """

    def __init__(self, images: pd.DataFrame, groups: pd.DataFrame, pseudo: pd.DataFrame) -> None:
        self._images = images.merge(groups, on="image", validate="one_to_one")
        self._pseudo = pseudo
        self._place = {image: place for place, image in enumerate(self._images["image"])}
        self._keys: dict[str, list[Hashable]] = defaultdict(list)
        self._images_of: dict[Hashable, list[str]] = defaultdict(list)
        self._joined: dict[str, set[str]] = defaultdict(set)
        self._last: dict[str, dict[tuple[str, ...], tuple[int, str, str, str]]] = defaultdict(dict)
        self._link_photographs()

    def _link_photographs(self) -> None:
        identities = set(self._images["identity"]) - {"", NEW_WHALE}
        columns = self._images[["image", "group", "identity"]]
        for image, group, identity in columns.itertuples(index=False, name=None):
            # whether a name that `same` would give is free depends on who else has it, or would
            names = {*build_new_names(image), *({identity} & identities)}
            self._link(image, [group, *sorted(names)])
        for image, identity in self._pseudo[["image", "identity"]].itertuples(index=False):
            self._link(image, [identity])

    def _link(self, image: str, keys: list[Hashable]) -> None:
        self._keys[image] += keys
        for key in keys:
            self._images_of[key].append(image)

    def note(self, row: int, decision: dict[str, str]) -> None:
        """Note a decision; row : as verdicts count, 2 for the first.

        What a `same` or a name has joined once stays in reach of each other: an undo changes both.
        """
        a, b, kind = (decision[key] for key in KEYS)
        pair = pair_photographs(decision)
        for image in pair:
            if replaces(kind, self._last[image].get(pair)):
                self._last[image][pair] = (row, a, b, kind)
        if kind in ("same", "new") and len(pair) == 2:
            self._joined[a].add(b)
            self._joined[b].add(a)
        if kind == "name":
            self._link(a, [b])

    def reach(self, photographs: Collection[str]) -> set[str]:
        """All photographs whose labels depend on those of `photographs`; unknown ones left out.

        A name that is given to a photograph may stand among them: so do all that have it.
        """
        waiting = [image for image in photographs if image in self._place]
        waiting += [image for name in photographs for image in self._images_of.get(name, ())]
        reached: set[str] = set()
        keys: set[Hashable] = set()
        while waiting:
            image = waiting.pop()
            if image in reached:
                continue
            reached.add(image)
            waiting += self._joined[image] & self._place.keys()
            for key in set(self._keys[image]) - keys:
                keys.add(key)
                waiting += self._images_of[key]
        return reached & self._place.keys()

    def select_tables(
        self, photographs: set[str]
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """The tables "images", "groups" and "pseudo" of these photographs alone."""
        places = sorted(self._place[image] for image in photographs)
        images = self._images.iloc[places].reset_index(drop=True)
        # the number of a group is the row of its first image
        _, first, part = np.unique(images["group"], return_index=True, return_inverse=True)
        groups = images[["image"]].assign(group=first[part])
        pseudo = self._pseudo[self._pseudo["image"].isin(photographs)]
        return images.drop(columns="group"), groups, pseudo

    def select_decisions(self, photographs: set[str]) -> pd.DataFrame:
        """The last decisions on pairs of these photographs; index + 2 is the row in the file."""
        rows = sorted(
            {
                last
                for image in photographs
                for pair, last in self._last[image].items()
                if photographs.issuperset(pair)
            }
        )
        index = pd.Index([row - 2 for row, *_ in rows], dtype=int)
        return pd.DataFrame([row[1:] for row in rows], columns=KEYS, index=index, dtype=str)
