"""The sections about results: `verify`, `score`, `report` and `identify`."""

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.params.values import Count, Section, Slug, Unique

Rate = Annotated[float, Field(gt=0, lt=1)]


class Verify(Section):
    """Evaluation of the evidence that two photographs show the same animal."""

    false_alarm_rates: Annotated[list[Rate], Field(min_length=1), Unique]


class Score(Section):
    """Tables of the score card's plots."""

    gallery_sizes: Annotated[list[Count], Field(min_length=1)]
    reliability_bins: Annotated[int, Field(ge=1, le=1000)]

    @model_validator(mode="after")
    def _check_gallery_sizes(self) -> "Score":
        ascending = sorted(set(self.gallery_sizes))
        if self.gallery_sizes != ascending or ascending[0] != 1:
            raise ValueError(f"gallery_sizes: {self.gallery_sizes} do not ascend from 1")
        return self


class Report(Section):
    """Reports: one HTML file per ensemble, for people to look at."""

    html: Annotated[list[Slug], Unique]
    queries: Count
    megabytes: Annotated[float, Field(gt=0, le=1000)]


class Identify(Section):
    """Defaults of the commands that work with a finished ensemble."""

    ensemble: Slug
