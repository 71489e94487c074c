import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.errors import RiskstreamError
from riskstream_client.input_file import InputFile
from riskstream_client.publish_plan import PublishOptions, plan_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "h.csv.gz"
    rows = "".join(f"{hour},2018-04-01 {hour:02d}:00:00,1,2,3.5,0\n" for hour in (1, 3, 2))
    path.write_bytes(gzip.compress((HEAD + rows).encode()))
    return path


def test_rebase_puts_the_newest_row_to_now_or_the_first_one_when_paced(file: Path) -> None:
    newest = plan_of(PublishOptions(file=str(file), format="handbook", rebase="now"), NOW)
    assert newest.messages.shift == NOW - datetime(2018, 4, 1, 3, tzinfo=UTC)
    first = plan_of(PublishOptions(file=str(file), format="handbook", rebase="now", speed=60), NOW)
    assert first.messages.shift == NOW - datetime(2018, 4, 1, 1, tzinfo=UTC)


def test_going_on_shifts_as_the_first_run_did(file: Path) -> None:
    first = plan_of(PublishOptions(file=str(file), format="handbook", rebase="now", limit=3), NOW)
    again = plan_of(
        PublishOptions(file=str(file), format="handbook", rebase=str(first.anchor), skip=2, limit=1),
        NOW + timedelta(hours=1),
    )
    assert again.messages.shift == first.messages.shift


def test_compressed_files_are_known_by_their_content(file: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "plain.csv"
    hidden.write_bytes(file.read_bytes())
    with InputFile(str(hidden)) as source:
        assert source.stream.read().startswith(HEAD.encode())
        assert source.progress_bytes == source.size_bytes


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (PublishOptions(file="nowhere.csv", rebase="now"), "there is no file nowhere.csv"),
        (PublishOptions(file="x.parquet"), "format of x.parquet cannot be told"),
        (PublishOptions(file="payments"), "say it with --format"),
        (PublishOptions(file="x.csv", format="xml"), "'xml' is not a format; there are: jsonl, csv, handbook"),
        (PublishOptions(file="x.csv", columns=["amuont=A"]), "no field 'amuont'; there are: transaction_id, amount"),
        (PublishOptions(file="x.csv", columns=["amount"]), "not field=value"),
        (PublishOptions(file="x.csv", constants=["amount=much"]), "amount takes a number"),
        (PublishOptions(file="-", format="csv", rebase="now"), "standard input does not allow"),
        (PublishOptions(file="x.csv", mapping_file=Path("nowhere.toml")), "no mapping file nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_sent(options: PublishOptions, complaint: str) -> None:
    with pytest.raises(RiskstreamError, match=complaint):
        plan_of(options, NOW)


def test_a_mapping_file(tmp_path: Path) -> None:
    for name, text in (("m.toml", '[columns]\namount = "A"\n[constants]\ncurrency = "EUR"\n'),
                       ("m.json", '{"columns":{"amount":"A"},"constants":{"currency":"EUR"}}')):  # fmt: skip
        (tmp_path / name).write_text(text)
        plan = plan_of(PublishOptions(file="x.csv", mapping_file=tmp_path / name, columns=["account_id=WHO"]), NOW)
        assert plan.mapping.columns == {"amount": "A", "account_id": "WHO"}
        assert plan.mapping.constants == {"currency": "EUR"}


def test_an_empty_file_a_folder_and_labels_that_are_not_there(tmp_path: Path, file: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(RiskstreamError, match="is empty"):
        InputFile(str(tmp_path / "empty.csv"))
    with pytest.raises(RiskstreamError, match="is a folder"):
        InputFile(str(tmp_path))
    plan = plan_of(
        PublishOptions(
            file=str(file), format="csv", labels=True,
            columns=["transaction_id=TRANSACTION_ID", "timestamp=TX_DATETIME", "account_id=CUSTOMER_ID",
                     "amount=TX_AMOUNT"],
        ),
        NOW,
    )  # fmt: skip
    with InputFile(str(file)) as source, pytest.raises(RiskstreamError, match="has no labels"):
        plan.rows(source)
