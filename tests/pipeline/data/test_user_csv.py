"""CSV files that people write: one meaning is read, a guess is a fault with file and row."""

import itertools

import pytest

from pipeline.data.user_csv import collect_rows, read_user_csv
from pipeline.system.errors import Faults

COLUMNS = ["Image", "Id"]
RIGHT = [["a.jpg", "Zoë"], ["b.jpg", "NA"]]
PLAIN = "Image,Id\na.jpg,Zoë\nb.jpg,NA\n"


def read(folder, data):
    path = folder / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_user_csv(path, COLUMNS)


def faults(folder, data):
    with pytest.raises(Faults) as caught:
        read(folder, data)
    assert "list.csv" in str(caught.value)
    return caught.value.faults


def fault(name):
    return pytest.mark.fault("tables", name, "read, as if it were not there")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(
            "Image,Id\na.jpg,Zoë,\nb.jpg,NA,\n", id="commas", marks=fault("a comma after every row")
        ),
        pytest.param(
            "Image,Id,\na.jpg,Zoë,\nb.jpg,NA\n",
            id="header's comma",
            marks=fault("a comma after the header"),
        ),
        pytest.param(
            "Image,Id\na.jpg,Zoë\n,,\n\n , \nb.jpg,NA\n,\n",
            id="empty rows",
            marks=fault("rows of nothing but commas"),
        ),
        pytest.param(
            PLAIN.replace(",", ";"), id="semicolons", marks=fault("semicolons between the cells")
        ),
        pytest.param(PLAIN.replace(",", "\t"), id="tabs", marks=fault("tabs between the cells")),
        pytest.param(
            PLAIN.encode("utf-8-sig"), id="utf-8 mark", marks=fault("UTF-8 with a byte order mark")
        ),
        pytest.param(PLAIN.encode("utf-16"), id="utf-16", marks=fault("UTF-16 (Unicode text)")),
        pytest.param(
            b"\xfe\xff" + PLAIN.encode("utf-16-be"),
            id="utf-16 big",
            marks=fault("UTF-16, big-endian"),
        ),
        pytest.param(PLAIN.encode("utf-32"), id="utf-32", marks=fault("UTF-32")),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="windows", marks=fault("Windows line ends")),
        pytest.param(PLAIN.replace("\n", "\r"), id="mac", marks=fault("line ends of old Macs")),
        pytest.param(PLAIN.rstrip(), id="no last line end", marks=fault("no line end at the end")),
        pytest.param(
            '"Image","Id"\n"a.jpg","Zoë"\n"b.jpg","NA"\n', id="quotes", marks=fault("quoted cells")
        ),
        pytest.param(
            "Image, Id \na.jpg,Zoë\nb.jpg,NA\n", id="spaces", marks=fault("spaces around a header")
        ),
        pytest.param(
            "\n\nImage,Id\na.jpg,Zoë\nb.jpg,NA\n", id="gap", marks=fault("empty rows at the top")
        ),
        pytest.param(
            ',Image,note,Id,note\n0,a.jpg,x,Zoë,\n1,b.jpg,"y, z",NA,\n',
            id="other columns",
            marks=fault("unnamed columns and two of one name, which are not asked for"),
        ),
    ],
)
def test_what_has_one_meaning_is_read(data, tmp_path):
    assert read(tmp_path, data).values.tolist() == RIGHT


def test_the_index_is_the_line_of_the_file(tmp_path):
    table = read(tmp_path, 'Image,note,Id\n\na.jpg,"two\nlines",w\n,,\nb.jpg,,w\n')
    assert table.index.tolist() == [3, 6]


def test_a_file_with_a_header_alone_has_no_rows(tmp_path):
    table = read(tmp_path, "Image,Id\n")
    assert table.empty and table.columns.tolist() == COLUMNS


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Image,Id\na.jpg,w,x\n", "list.csv, row 2: has 3 cells, the header 2: the surplus is 'x'"),
        ("Image,Id\na.jpg,w\nb.jpg\n", "list.csv, row 3: has 1 cells, the header 2"),
        ('Image,Id\na.jpg,w\n"b.jpg,w\n', "list.csv, row 3: can't be read"),
        ('Image,Id\na.jpg,"w\nb.jpg,v"\n', "list.csv, row 2: a cell contains a line break"),
        ('Image,Id\na.jpg,"w"v\n', "list.csv, row 2: can't be read"),
        ("Image,Id\na.jpg,w\0\n", "list.csv, row 2: a cell contains a line break or NUL"),
        ("Image,Id,Id\na.jpg,w,v\n", "list.csv, row 1: two columns are called Id"),
        ("Image,Name\na.jpg,w\n", "list.csv, row 1: columns are Image, Name; expected Image, Id"),
        ("a.jpg,w\n", "list.csv, row 1: columns are a.jpg, w; expected Image, Id"),
        ("", "list.csv: the file is empty; expected Image, Id"),
        (" \n,,\n", "list.csv: the file is empty; expected Image, Id"),
        (b"Image,Id\na.jpg,w\nb.jpg,Zo\xeb\n", "list.csv, row 3: is not UTF-8 text: save"),
        (PLAIN.encode("utf-16-le"), "list.csv, row 1: contains NUL bytes: save it as UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0", "list.csv, row 1: contains NUL bytes: save it as UTF-8"),
        ("Image,Id\n" + "x" * 200_000 + ",w\n", "list.csv, row 2: can't be read"),
    ],
)  # fmt: skip
@pytest.mark.fault("tables", "a malformed CSV file", "a message with the file and the row")
def test_a_guess_is_a_fault_with_file_and_row(data, expected, tmp_path):
    (found,) = faults(tmp_path, data)
    assert found.startswith(expected)


@pytest.mark.fault("tables", "several faults in one file", "all are listed at once")
def test_all_faults_are_listed_at_once(tmp_path):
    found = faults(tmp_path, "Image,Id\na.jpg,w,x\n,\nb.jpg,w\nc.jpg\nd.jpg,w,,y\n")
    assert [text.partition(":")[0] for text in found] == [
        "list.csv, row 2",
        "list.csv, row 5",
        "list.csv, row 6",
    ]


def test_a_row_with_a_fault_stays_for_the_other_checks(tmp_path):
    (tmp_path / "list.csv").write_text("Image,Id\na.jpg,w,x\nb.jpg,v\n")
    found = []
    table = collect_rows(tmp_path / "list.csv", COLUMNS, found)
    assert table.values.tolist() == [["a.jpg", "w"], ["b.jpg", "v"]] and len(found) == 1


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(Faults, match="list.csv: there is no such file"):
        read_user_csv(tmp_path / "list.csv", COLUMNS)
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(Faults, match="list.csv: is a folder"):
        read_user_csv(tmp_path / "list.csv", COLUMNS)


@pytest.mark.slow
@pytest.mark.fault("tables", "a CSV file cut or changed at any byte", "read, or a message")
def test_a_damaged_file_is_read_or_a_fault(tmp_path):
    data = PLAIN.encode()
    noise = [b"", b"\0", b'"', b"\xff", b"\n", b",", b"\r", b";"]
    for place, byte in itertools.product(range(len(data) + 1), noise):
        for damaged in (data[:place] + byte, data[:place] + byte + data[place:]):
            (tmp_path / "list.csv").write_bytes(damaged)
            collect_rows(tmp_path / "list.csv", COLUMNS, [])
