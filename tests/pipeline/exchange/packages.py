"""Camera Trap Data Packages for tests; frictionless checks them by the schemas beside it."""

import csv
import json
from pathlib import Path

from frictionless import Package

from benchmarks.camera_trap_folder import describe_package

SCHEMAS = Path(__file__).parent / "camtrap_dp_schemas"
TIME = "2024-05-31T10:00:00+02:00"


def schema(table):
    return json.loads((SCHEMAS / f"{table}.json").read_text())


def write_table(path, table, rows, **dialect):
    columns = [field["name"] for field in schema(table)["fields"]]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, **dialect)
        writer.writerow(columns)
        writer.writerows([row.get(column, "") for column in columns] for row in rows)


def describe_media(identifier, path, deployment="dep1", **more):
    return {
        "mediaID": identifier,
        "deploymentID": deployment,
        "timestamp": TIME,
        "filePath": path,
        "filePublic": "true",
        "fileMediatype": "image/png",
        **more,
    }


def describe_observation(identifier, media="", **more):
    return {
        "observationID": identifier,
        "deploymentID": "dep1",
        "mediaID": media,
        "eventStart": TIME,
        "eventEnd": TIME,
        "observationLevel": "media" if media else "event",
        "observationType": "animal",
        **more,
    }


def write_package(folder, media, observations=()):
    """A package of one or two deployments, whose resources name the official schemas by address."""
    folder.mkdir()
    where = {
        "latitude": "50.7",
        "longitude": "4.01",
        "deploymentStart": TIME,
        "deploymentEnd": TIME,
    }
    names = sorted({one["deploymentID"] for one in media})
    write_table(
        folder / "deployments.csv", "deployments", [{"deploymentID": n, **where} for n in names]
    )
    write_table(folder / "media.csv", "media", media)
    write_table(folder / "observations.csv", "observations", observations)
    (folder / "datapackage.json").write_text(json.dumps(describe_package("demo")))
    return folder


def find_faults(folder):
    """What frictionless says of a package, with the schemas of this folder: no network."""
    content = json.loads((folder / "datapackage.json").read_text())
    for resource in content["resources"]:
        resource["schema"] = schema(resource["name"])
    content.pop("project")
    report = Package(content, basepath=str(folder)).validate()
    return [row[-1] for row in report.flatten(["rowNumber", "message"])]


def read_observations(folder):
    with (folder / "observations.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
