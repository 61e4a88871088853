"""How photographs are described and compared: without training, or as the catalogue teaches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.naming.gallery import Collection, Known, collect
from pipeline.naming.linear_embedding import fit_embeddings
from pipeline.naming.masks import Segmenter, describe_inside, train_segmenter
from pipeline.naming.photographs import Described, Photographs
from pipeline.naming.workspace import Workspace
from pipeline.params import Params


@dataclass(frozen=True)
class Method:
    """What is learned from the catalogue before its photographs are compared.

    segmenter : finds the animals; None: GrabCut does
    embedded : whether a linear embedding is fitted; else the pooled features are the embedding
    thorough : whether more of the catalogue's photographs are compared than a quick answer needs
    """

    segmenter: Segmenter | None = None
    embedded: bool = False
    thorough: bool = False

    @property
    def features_key(self) -> str:
        """An ending for the name of what depends on the local features."""
        return f"-{self.segmenter.key[:16]}" if self.segmenter else ""

    @property
    def key(self) -> str:
        """An ending for the name of a comparison with one catalogue."""
        return f"{'-embedded' if self.embedded else ''}{self.features_key}"

    def collect(
        self, known: Known, new: Sequence[str], found: Photographs, workspace: Workspace, p: Params
    ) -> tuple[Collection, dict[str, Described]]:
        """The catalogue's and the new photographs (by digest), joined and as they are described."""
        described = found.described
        if self.segmenter:
            files = found.first_files({*known.digests.values(), *new})
            described = describe_inside(files, described, self.segmenter, workspace, p)
        collection = collect(known, {digest: described[digest] for digest in new}, described)
        if self.embedded:
            fitted = fit_embeddings(collection.embeddings.everything, known.rows)
            collection = replace(collection, embeddings=fitted)
        return collection, described


FROZEN = Method()


def train(known: Known, found: Photographs, workspace: Workspace, p: Params) -> Method:
    """Train all that can be learned from the catalogue."""
    files = found.first_files(set(known.digests.values()))
    segmenter = train_segmenter(files, found.described, workspace, p)
    return Method(segmenter, embedded=True, thorough=True)
