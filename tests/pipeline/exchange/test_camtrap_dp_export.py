"""Answers become observations of a package that the standard's own schemas accept."""

import json
import logging
import shutil

import pytest

from pipeline.exchange import camtrap_dp_export, named_folder
from pipeline.system.errors import UserError
from tests.pipeline.exchange.packages import (
    describe_media,
    describe_observation,
    find_faults,
    read_observations,
    write_package,
)

MEDIA = [
    describe_media("m1", "cam1/a.png"),
    describe_media("m2", "cam1/b.png"),
    describe_media("m3", "cam2/a.png"),
    describe_media("m4", "c.png"),
    describe_media("m5", "d.png"),
]
OLD = [
    describe_observation("o1", "m1", eventID="e1", scientificName="Tragelaphus angasii"),
    describe_observation("o2", observationComments="two\nlines, a comma", count="2"),
]


@pytest.fixture
def package(tmp_path):
    return write_package(tmp_path / "package", MEDIA, OLD)


def export(named, package, name="with_names", species=""):
    out = package.parent / name
    return out, camtrap_dp_export.export(named, package, out, species, "0.1")


def added(folder):
    rows = read_observations(folder)
    return {row["observationID"]: row for row in rows if row["observationID"] not in ("o1", "o2")}


def test_the_new_package_is_valid_and_the_old_one_unchanged(named, package):
    before = {path: path.read_bytes() for path in package.iterdir()}
    assert find_faults(package) == []  # the example itself
    out, text = export(named, package)
    assert find_faults(out) == []
    assert {path: path.read_bytes() for path in package.iterdir()} == before
    assert text.startswith("5 observations of 4 photographs, 3 individuals")
    assert json.loads((out / "datapackage.json").read_text())["project"]["individualAnimals"]


def test_frictionless_sees_a_wrong_observation(named, package):
    """The check above can fail."""
    out, _ = export(named, package)
    file = out / "observations.csv"
    file.write_text(file.read_text().replace("0.9000", "1.9000").replace(",m2,", ",m99,"))
    faults = "\n".join(find_faults(out))
    assert "classificationProbability" in faults and "m99" in faults


def test_an_observation_has_the_name_the_probability_and_the_box(named, package):
    out, _ = export(named, package)
    row = added(out)["tailprint-m1-1"]
    expected = {
        "mediaID": "m1",
        "deploymentID": "dep1",
        "eventID": "e1",
        "eventStart": "2024-05-31T10:00:00+02:00",
        "individualID": "Anna",
        "classificationProbability": "0.9000",
        "classificationMethod": "machine",
        "classifiedBy": "Tailprint 0.1",
        "bboxX": "0.250000",
        "bboxHeight": "0.800000",
        "scientificName": "Tragelaphus angasii",
        "observationTags": "individual:known",
    }
    assert {key: row[key] for key in expected} == expected
    assert added(out)["tailprint-m1-2"]["individualID"] == "007"


def test_only_an_answer_with_a_name_has_an_individual(named, package):
    rows = added(export(named, package)[0])
    new, unsure, copy = (rows[f"tailprint-m{n}-1"] for n in (2, 3, 4))
    assert (new["individualID"], new["classificationProbability"]) == ("", "0.8000")
    assert new["observationTags"] == "individual:new | unknownIndividual:1"
    assert (unsure["individualID"], unsure["classificationProbability"]) == ("", "")
    assert "Anna 0.45, 007 0.15" in unsure["observationComments"]
    assert (copy["individualID"], copy["classificationProbability"]) == ("=1+1", "1.0000")
    assert "tailprint-m5-1" not in rows  # no animal was detected


def test_a_second_export_replaces_the_first(named, package):
    first, _ = export(named, package)
    second, _ = export(named, first, "again")
    assert read_observations(second) == read_observations(first)


def test_a_given_species_counts(named, package):
    rows = added(export(named, package, species="Panthera pardus")[0])
    assert {row["scientificName"] for row in rows.values()} == {"Panthera pardus"}


def test_what_other_people_wrote_stays(named, package):
    rows = read_observations(export(named, package)[0])
    assert [row["observationID"] for row in rows[:2]] == ["o1", "o2"]
    assert rows[1]["observationComments"] == "two\nlines, a comma"


def test_a_spreadsheet_has_changed_the_tables(named, package):
    """A mark of the encoding, semicolons, decimal commas, an unnamed first column."""
    for name in ("observations", "media"):
        file = package / f"{name}.csv"
        lines = file.read_text().replace("two\nlines, a comma", "a; comma").splitlines()
        cells = [line.replace(";", ".").replace(",", ";") for line in lines]
        numbered = [f";{cells[0]}"] + [f"{n};{line}" for n, line in enumerate(cells[1:])]
        text = "\n".join(numbered).replace(";;;;;Tragelaphus", ";;;;0,5;Tragelaphus")
        file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    observations = package / "observations.csv"
    header = observations.read_text("utf-8-sig").splitlines()[0].split(";")
    lines = [line.split(";") for line in observations.read_text("utf-8-sig").splitlines()]
    lines[1][header.index("bboxX")] = "0,5"
    observations.write_text("\n".join(";".join(line) for line in lines), "utf-8-sig")
    out, _ = export(named, package)
    rows = read_observations(out)
    assert rows[0]["bboxX"] == "0.5" and "" not in rows[0]
    faults = find_faults(out)
    assert not any("bbox" in fault or "observations" in fault for fault in faults)


def test_media_on_a_server_are_found_by_deployment_and_name(named, package):
    media = [
        describe_media("m1", "https://server/1/file", "cam1", fileName="a.png"),
        describe_media("m3", "https://server/3/file", "cam2", fileName="a.png"),
        describe_media("m2", "https://server/2/file", "cam1", fileName="b.png"),
    ]
    shutil.rmtree(package)
    write_package(package, media)
    out, text = export(named, package)
    assert set(added(out)) == {f"tailprint-{end}" for end in ("m1-1", "m1-2", "m2-1", "m3-1")}
    assert find_faults(out) == []
    assert text.startswith("4 observations of 3 photographs")


def test_photographs_that_are_no_media_are_counted(named, package, caplog):
    caplog.set_level(logging.WARNING)
    shutil.rmtree(package)
    write_package(package, MEDIA[:1])
    assert export(named, package)[1].startswith("2 observations of 1 photographs")
    assert "does not list 4 of the photographs" in caplog.text
    assert "the package has no observations of them" in caplog.text


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda folder: (folder / "datapackage.json").unlink(), "it has no datapackage.json"),
        (lambda folder: (folder / "media.csv").unlink(), "media.csv of media does not exist"),
        (
            lambda folder: (folder / "datapackage.json").write_text('{"resources": []}'),
            "has no resource deployments",
        ),
        (
            lambda folder: (folder / "media.csv").write_text(
                (folder / "media.csv").read_text().replace("m2,", "m1,")
            ),
            "row 3: mediaID m1 is that of row 2, too",
        ),
        (
            lambda folder: (folder / "datapackage.json").write_text(
                (folder / "datapackage.json").read_text().replace('"media.csv"', '"../media.csv"')
            ),
            "one file inside of",
        ),
    ],
)
def test_a_faulty_package_is_refused_and_nothing_written(named, package, change, message):
    change(package)
    with pytest.raises(UserError, match=message):
        export(named, package)
    assert not list(package.parent.glob("*with_names*"))


def test_a_package_of_other_photographs_is_refused(named, package):
    shutil.rmtree(package)
    write_package(package, [describe_media("m1", "z.png")])
    with pytest.raises(UserError, match="media.csv lists none of the photographs: it has z.png"):
        export(named, package)


def test_an_existing_folder_is_not_written_to(named, package):
    with pytest.raises(UserError, match="exists already"):
        camtrap_dp_export.export(named, package, package, "", "0.1")


def test_a_folder_of_an_earlier_version_asks_for_the_command_again(answers):
    (answers / named_folder.COMPARED).unlink()
    with pytest.raises(UserError, match="repeat the command tailprint name"):
        named_folder.read(answers)
    with pytest.raises(UserError, match="has no answers.csv"):
        named_folder.read(answers.parent)


def test_media_of_one_name_get_no_observations(named, tmp_path, caplog):
    """c.png of dep1 is on a server twice: which one was named is not known."""
    caplog.set_level(logging.WARNING)
    server = "https://camera.example.org/"
    alike = [describe_media(f"m{n}", f"{server}{n}/file", fileName="c.png") for n in (4, 6)]
    package = write_package(tmp_path / "package", [*MEDIA[:3], *alike], [])
    out, _ = export(named, package)
    assert {row["mediaID"] for row in added(out).values()} == {"m1", "m2", "m3"}
    assert "2 media have the name of another one of their deployment (dep1/c.png)" in caplog.text
