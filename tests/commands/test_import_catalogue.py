"""`tailprint import` with new photographs, and the boxes of a detector about them."""

from pathlib import Path

from pipeline.catalogue import convert
from pipeline.catalogue.convert import Summary
from pipeline.catalogue.source import Source
from pipeline.catalogue.split import Split
from pipeline.exchange.boxes import Convention
from pipeline.exchange.detections import DetectionFiles


def test_the_new_photographs_are_the_test(tailprint, monkeypatch):
    asked = []
    summary = Summary(5, 2, 3, None, {})
    monkeypatch.setattr(
        convert, "convert", lambda source, split, *_: (asked.append((source, split)), summary)[1]
    )
    words = ("--test", "new", "--detections", "md.json", "--catalogue-detections", "known.json")
    more = ("--threshold", "0.5", "--boxes", "corners")
    result = tailprint("import", "catalogue", "out", *words, *more)
    assert result.output == (
        "out: 5 training photographs of 2 individuals, 3 test photographs, which are to be named\n"
    )
    files = DetectionFiles(Path("md.json"), Path("known.json"), 0.5, Convention.corners)
    source, split = asked[0]
    assert source == Source(Path("catalogue"), detections=files)
    assert split == Split(folder=Path("new"))


def test_detections_are_about_new_photographs(tailprint):
    result = tailprint("import", "catalogue", "out", "--detections", "md.json")
    assert result.exit_code == 2 and "--catalogue-detections" in result.output
