"""`riskstream analyse`: a file to anomalies on the terminal and in a file, without a stack."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from analysis.analyse_command import register
from contracts.errors import DataRefused

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "account", "date", "amount", "currency", "text"])
        for i in range(400):
            amount = 9_000 + i if i >= 397 else 45 + i % 11
            at = (START + timedelta(hours=i)).isoformat()
            writer.writerow([f"p{i}", f"acct-{i % 3}", at, amount, "EUR", "=cmd()" if i == 399 else "rent"])
    return path


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["analyse", *map(str, arguments)])


def test_the_highest_are_shown_and_all_are_written(payments: Path, tmp_path: Path) -> None:
    for form in ("csv", "parquet", "xlsx"):
        out = tmp_path / f"anomalies.{form}"
        result = run(payments, "--out", out, "--show", 2)
        assert result.exit_code == 0, result.output
        assert "400 rows (csv)" in result.output
        assert "9,399.00 EUR" in result.output or "9,398.00 EUR" in result.output
        assert out.stat().st_size > 0
    lines = list(csv.DictReader((tmp_path / "anomalies.csv").open()))
    assert {line["transaction_id"] for line in lines[:2]} <= {"p397", "p398", "p399"}
    assert [int(line["rank"]) for line in lines] == list(range(1, len(lines) + 1))
    assert not any(line["text"].startswith("=") for line in lines)
    assert len(pq.read_table(tmp_path / "anomalies.parquet")) == len(lines)


def test_a_strategy_of_ones_own_is_a_file(payments: Path, tmp_path: Path) -> None:
    strategy = tmp_path / "mine.json"
    strategy.write_text(json.dumps({"name": "mine", "detectors": [{"detector": "robust_z_score"}], "threshold": 10}))
    result = run(payments, "--strategy", strategy)
    assert result.exit_code == 0, result.output
    assert "Strategy mine" in result.output


def test_how_the_file_is_read_is_said_and_can_be_corrected(payments: Path) -> None:
    named = payments.read_text().replace("account,date", "who,date").replace("acct-2,", "acct-2,,", 1)
    payments.write_text(named + "p401,acct-1,2026-03-03T10:00:00Z,ten,EUR,rent\n")
    guessed = run(payments)
    assert "account=" not in guessed.output
    assert "line 402, amount: this is no amount" in guessed.output
    given = run(payments, "--map", "account=who")
    assert given.exit_code == 0, given.output
    assert "account=who" in given.output
    assert run(payments, "--map", "who=account").exit_code == 2
    assert run(payments, "--map", "account=nobody").exit_code != 0


def test_what_cannot_be_done_is_said(payments: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((payments, "--strategy", "no-such"), "no preset"),
        ((payments, "--out", tmp_path / "a.txt"), ".xlsx"),
        ((tmp_path / "none.csv",), "does not exist"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert words in result.output
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert isinstance(run(empty).exception, DataRefused)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def rows_of(file: Path, *options: str) -> list[dict[str, str]]:
    out = file.with_suffix(".rows.csv")
    result = run(file, "--rows", out, *options)
    assert result.exit_code == 0, result.output
    with out.open(newline="") as opened:
        return list(csv.DictReader(opened))


STATEMENT = (
    "Statement 7\n\nDate;Kind;Amount;Text\n02.03.2026;P;10,00;=cmd()\n03.03.2026;Q;1.025,50;Firm\nx;P;4,25;Shop\n"
)


def test_rows_and_rejects_are_written_with_their_lines(tmp_path: Path) -> None:
    file = written(tmp_path / "s.csv", STATEMENT)
    rejects = tmp_path / "rejects.csv"
    rows = rows_of(file, "--direction", "Kind=Q/P", "--rejects", str(rejects), "--set", "currency=EUR")
    assert list(rows[0])[:8] == ["line", "id", "account", "amount", "currency", "time", "merchant", "text"]
    assert [(row["line"], row["amount"], row["currency"], row["time"]) for row in rows] == [
        ("4", "-10.00", "EUR", "2026-03-02T00:00:00Z"), ("5", "1025.50", "EUR", "2026-03-03T00:00:00Z"),
    ]  # fmt: skip
    assert rows[0]["text"] == "'=cmd()"
    with rejects.open(newline="") as opened:
        (reject,) = csv.DictReader(opened)
    assert (reject["line"], reject["column"], reject["excerpt"]) == ("6", "Date", "x")


@pytest.mark.parametrize(
    ("options", "sums"),
    [
        (["--map", "amount=b"], 17.0),
        (["--map", "amount=a"], 4.0),
        (["--map", "timestamp=when", "--map", "amount=b"], 17.0),
        (["--map", "amount=b", "--decimal", "."], 0.0),  # then 9,0 is no amount, and every row is listed
    ],
)
def test_a_correction_settles_what_it_names(options: list[str], sums: float, tmp_path: Path) -> None:
    file = written(tmp_path / "w.csv", "when;who;a;b\n2026-03-01;x;1,5;9,0\n2026-03-02;y;2,5;8,0\n")
    assert sum(float(row["amount"]) for row in rows_of(file, *options)) == sums


@pytest.mark.parametrize("options", [[], ["--map", "account=who"], ["--encoding", "utf-8"], ["--understand-only"]])
def test_what_is_not_settled_is_asked(options: list[str], tmp_path: Path) -> None:
    """A correction of something else must not decide in silence."""
    file = written(tmp_path / "w.csv", "when;who;a;b\n2026-03-01;x;1,5;9,0\n2026-03-02;y;2,5;8,0\n")
    out = tmp_path / "rows.csv"
    result = run(file, "--rows", out, *options)
    assert result.exit_code == 3, result.output
    assert "--map amount=a" in result.output
    assert "--map amount=b" in result.output
    assert "sum 17" in result.output
    assert not out.exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--header-line", "3"],
        ["--skip-lines", "2"],
        ["--delimiter", ";"],
        ["--encoding", "cp1252"],
        ["--date-order", "dmy"],
        ["--decimal", ","],
        ["--time-zone", "Europe/Berlin"],
    ],
)
def test_each_part_of_the_layout_can_be_said(options: list[str], tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path / "s.csv", STATEMENT), *options)
    assert [row["amount"] for row in rows] == ["10.00", "1025.50"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--header-line", "3", "--skip-lines", "1"], "give one of them"),
        (["--decimal", ";"], "decimal_sign"),
        (["--date-order", "ydm"], "date_order"),
        (["--time-zone", "Mars/Olympus"], "time zone"),
        (["--direction", "Kind"], "COLUMN=IN/OUT"),
        (["--direction", "Kind=Q/Q"], "both money in and money out"),
        (["--positive", "up"], "write in or out"),
        (["--delimiter", ";;"], "delimiter"),
        (["--set", "currency=EURO"], "ISO 4217"),
        (["--map", "colour=Text"], "meanings are"),
    ],
)
def test_an_option_that_cannot_be_is_told(options: list[str], words: str, tmp_path: Path) -> None:
    result = run(written(tmp_path / "s.csv", STATEMENT), *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())


def test_only_the_understanding_is_said(tmp_path: Path) -> None:
    file = written(tmp_path / "s.csv", STATEMENT)
    result = run(file, "--understand-only")
    assert result.exit_code == 0, result.output
    assert "amount=Amount" in result.output
    assert "currency: none (assumed)" in result.output
    assert "Strategy" not in result.output


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("who,text\na,b\nc,d\n", [], "no column is known to hold amounts"),
        ("a.json", [], "no column is known to hold amounts"),
        (STATEMENT, ["--map", "amount=Nothing"], "the file has no column 'Nothing'"),
    ],
)
def test_what_cannot_be_read_is_refused_by_both(content: str, options: list[str], words: str, tmp_path: Path) -> None:
    """The understanding alone ends as reading the file would."""
    is_json = content == "a.json"
    file = written(
        tmp_path / ("a.json" if is_json else "s.csv"), '[{"who": "a"}, {"who": "b"}]' if is_json else content
    )
    results = [run(file, *options), run(file, "--understand-only", *options)]
    assert results[0].exit_code == results[1].exit_code != 0
    assert all(words in " ".join(str(each.exception or each.output).split()) for each in results), results


def test_the_lines_add_up(tmp_path: Path) -> None:
    result = run(written(tmp_path / "s.csv", STATEMENT))
    assert "Of 6 lines 2 landed, 1 not used; 1 header, 2 preamble." in result.output, result.output
