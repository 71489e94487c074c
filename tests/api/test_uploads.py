"""Uploads over HTTP: from a file to rows, with a real worker; what is refused, and what it leaves behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from analysts_worker import do_jobs
from running_gateway import RunningGateway, running, settings_for

from analysis.upload_folder import original_path, rows_path, upload_folder
from api.edge import UPLOAD_FRAME_BYTES
from api.keys import SCOPE_CASES, SCOPE_READ

LEDGER = "Konto;Datum;Belopp;Text\n1930;2026-03-01;-1 234,50;Hyra\n4010;2026-03-02;12,00;Varor\n1930;2026-03-03;?;Fel\n"
LIMIT = 256 * 1024
QUOTA = 300 * 1024


@pytest_asyncio.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    settings = settings_for(database_url, upload_dir=tmp_path / "uploads", max_file_size=LIMIT, upload_quota=QUOTA)
    async with running(settings) as started:
        yield started


class Uploader:
    """A caller with a key."""

    def __init__(self, gateway: RunningGateway, key: str) -> None:
        self.gateway = gateway
        self.headers = {"X-API-Key": key}

    async def send(self, content: str | bytes, name: str = "ledger.csv", field: str = "file") -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        return await self.gateway.http.post("/v1/uploads", files={field: (name, data)}, headers=self.headers)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.gateway.http.get(f"/v1/uploads/{path}", headers=self.headers, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def parsed(self, content: str | bytes, name: str = "ledger.csv") -> Any:
        answer = await self.send(content, name)
        assert answer.status_code == 202, answer.text
        assert await do_jobs(self.gateway.parts.settings) == ["done"]
        return await self.get(f"{answer.json()['upload_id']}/status")

    async def read_anew(self, upload_id: str, body: dict[str, Any], version: str | None = "*") -> httpx.Response:
        headers = self.headers | ({"If-Match": version} if version else {})
        return await self.gateway.http.put(f"/v1/uploads/{upload_id}/mapping", json=body, headers=headers)

    async def delete(self, upload_id: str) -> httpx.Response:
        return await self.gateway.http.delete(f"/v1/uploads/{upload_id}", headers=self.headers)

    def rows(self, upload_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.read_table(rows_path(self.root, 1, upload_id)).to_pylist()
        return found

    @property
    def root(self) -> Path:
        return self.gateway.parts.settings.upload_dir

    def folders(self) -> list[str]:
        return sorted(path.name for path in self.root.glob("*/*"))


@pytest.fixture
def uploader(gateway: RunningGateway, key: str) -> Uploader:
    return Uploader(gateway, key)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def test_from_a_file_to_rows(uploader: Uploader) -> None:
    sent = await uploader.send(LEDGER)
    assert sent.status_code == 202, sent.text
    upload = sent.json()
    assert sent.headers["location"] == f"/v1/uploads/{upload['upload_id']}/status"
    assert upload["sha256"] == hashlib.sha256(LEDGER.encode()).hexdigest()
    assert (upload["state"], upload["job"]["state"], upload["repeated"]) == ("received", "waiting", False)
    assert await do_jobs(uploader.gateway.parts.settings) == ["done"]
    status = await uploader.get(f"{upload['upload_id']}/status")
    assert (status["state"], status["rows"], status["rejected"], status["format"]) == ("parsed", 2, 1, "csv")
    assert status["job"]["state"] == "done"
    rejects = await uploader.get(f"{upload['upload_id']}/rejects")
    assert rejects == {
        "items": [
            {"line": 4, "column": "Belopp", "reason": "this is no amount (decimal sign ',')", "excerpt": "?"}
        ],
        "next_cursor": None,
    }  # fmt: skip
    assert [(row["account"], row["amount_minor"], row["row"]) for row in uploader.rows(upload["upload_id"])] == [
        ("1930", -12_345_000, 2), ("4010", 120_000, 3),
    ]  # fmt: skip


async def test_the_same_bytes_again_are_the_first_upload(uploader: Uploader) -> None:
    first = await uploader.parsed(LEDGER)
    again = await uploader.send(LEDGER, "another name.csv")
    assert again.status_code == 200
    assert again.json() == first | {"repeated": True}
    assert uploader.folders() == [first["upload_id"]]
    assert len((await uploader.get("history"))["items"]) == 1


async def test_a_mapping_is_shown_corrected_and_kept(uploader: Uploader) -> None:
    first = await uploader.parsed("when;who;a;b\n2026-03-01;x;1,5;9,0\n2026-03-02;y;2,5;8,0\n")
    reading = await uploader.get(f"{first['upload_id']}/mapping")
    assert reading["origin"] == "guessed"
    assert [column["name"] for column in reading["columns"]] == ["when", "who", "a", "b"]
    assert reading["columns"][3]["examples"] == ["9,0", "8,0"]
    mapping = reading["mapping"] | {"columns": {"time": "when", "account": "who", "amount": "b"}, "currency": "SEK"}
    changed = await uploader.read_anew(first["upload_id"], {"mapping": mapping}, f'"{reading["revision"]}"')
    assert changed.status_code == 202, changed.text
    assert (changed.json()["state"], changed.json()["revision"]) == ("received", 2)
    await do_jobs(uploader.gateway.parts.settings)
    assert (await uploader.get(f"{first['upload_id']}/mapping"))["origin"] == "given"
    rows = uploader.rows(first["upload_id"])
    assert [(row["account"], row["amount_minor"], row["currency"]) for row in rows] == [
        ("x", 90_000, "SEK"), ("y", 80_000, "SEK")
    ]  # fmt: skip
    second = await uploader.parsed("when;who;a;b\n2026-04-01;z;1,5;7,0\n")
    assert (await uploader.get(f"{second['upload_id']}/mapping"))["origin"] == "kept"
    assert uploader.rows(second["upload_id"])[0]["amount_minor"] == 70_000


async def test_a_correction_that_cannot_be(uploader: Uploader) -> None:
    first = await uploader.parsed(LEDGER)
    upload_id = first["upload_id"]
    nothing = {"columns": {"amount": "Summa"}}
    for body, version, status in (
        ({"mapping": nothing}, "*", 422),
        ({"mapping": {"columns": {"account": "Konto"}}}, "*", 422),
        ({"mapping": {"columns": {"amount": "Belopp"}, "time_zone": "Mars/Olympus"}}, "*", 422),
        ({"mapping": None}, None, 428),
        ({"mapping": None}, '"7"', 412),
    ):
        assert (await uploader.read_anew(upload_id, body, version)).status_code == status, body
    assert "Summa" in (await uploader.read_anew(upload_id, {"mapping": nothing})).json()["detail"]
    assert (await uploader.get(f"{upload_id}/status")) == first


async def test_what_no_mapping_fits_can_be_corrected(uploader: Uploader) -> None:
    refused = await uploader.parsed("p,q\nx,1\ny,2\n")
    assert (refused["state"], refused["rows"]) == ("refused", None)
    assert "no column is known to hold amounts" in refused["problem"]
    reading = await uploader.get(f"{refused['upload_id']}/mapping")
    mapping = reading["mapping"] | {"columns": {"account": "p", "amount": "q"}}
    assert (await uploader.read_anew(refused["upload_id"], {"mapping": mapping})).status_code == 202
    await do_jobs(uploader.gateway.parts.settings)
    assert (await uploader.get(f"{refused['upload_id']}/status"))["rows"] == 2


async def test_a_deleted_upload_is_gone(uploader: Uploader) -> None:
    first = await uploader.parsed(LEDGER)
    assert (await uploader.delete(first["upload_id"])).status_code == 204
    assert uploader.folders() == []
    assert (await uploader.delete(first["upload_id"])).status_code == 404
    answer = await uploader.gateway.http.get(f"/v1/uploads/{first['upload_id']}/status", headers=uploader.headers)
    assert answer.status_code == 404
    assert (await uploader.parsed(LEDGER))["upload_id"] != first["upload_id"]


async def test_deleted_before_it_is_read(uploader: Uploader) -> None:
    sent = await uploader.send(LEDGER)
    assert (await uploader.delete(sent.json()["upload_id"])).status_code == 204
    assert await do_jobs(uploader.gateway.parts.settings) == []
    assert uploader.folders() == []


async def test_a_file_that_went_away_is_told(uploader: Uploader) -> None:
    sent = await uploader.send(LEDGER)
    original_path(uploader.root, 1, sent.json()["upload_id"]).unlink()
    await do_jobs(uploader.gateway.parts.settings)
    status = await uploader.get(f"{sent.json()['upload_id']}/status")
    assert (status["state"], "upload it again" in status["problem"]) == ("refused", True)


async def test_history_has_pages(uploader: Uploader) -> None:
    sent = [(await uploader.send(f"amount\n{number}\n")).json()["upload_id"] for number in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        page = await uploader.get("history", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [upload["upload_id"] for upload in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == sent[::-1]


async def test_rejects_have_pages(uploader: Uploader) -> None:
    upload = await uploader.parsed("amount,text\n1,a\n" + "?,b\n" * 7)
    path = f"{upload['upload_id']}/rejects"
    first = await uploader.get(path, limit=3)
    second = await uploader.get(path, limit=3, cursor=first["next_cursor"])
    third = await uploader.get(path, limit=3, cursor=second["next_cursor"])
    lines = [row["line"] for page in (first, second, third) for row in page["items"]]
    assert (lines, third["next_cursor"]) == ([3, 4, 5, 6, 7, 8, 9], None)


@pytest.mark.parametrize(
    ("name", "content", "field", "status"),
    [
        ("ledger.exe", b"MZ", "file", 415),
        ("ledger", b"a,b", "file", 415),
        ("ledger.csv", b"", "file", 422),
        ("ledger.csv", b"a,b", "document", 422),
        ("ledger.csv", b"a" * (LIMIT + 1), "file", 413),
        ("ledger.csv", b"a" * (LIMIT + UPLOAD_FRAME_BYTES + 1), "file", 413),
    ],
)
async def test_what_is_refused_leaves_nothing(
    uploader: Uploader, name: str, content: bytes, field: str, status: int
) -> None:
    try:
        answer = await uploader.send(content, name, field)
    except httpx.TransportError:
        return  # the gateway has answered and closed while the caller still wrote
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert uploader.folders() == []
    assert (await uploader.get("history"))["items"] == []


async def test_forms_that_are_none(uploader: Uploader) -> None:
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\namount\r\n1'
    for headers, body, status in (
        ({"Content-Type": "text/csv"}, b"amount\n1\n", 415),
        ({"Content-Type": "multipart/form-data"}, part, 415),
        (multipart, b"no form", 400),
        (multipart, part, 400),
        (multipart, b"--x\r\n" + b"a: " + b"b" * 20_000, 400),
        (multipart, part + b"\r\n" + part + b"\r\n--x--\r\n", 422),
        (multipart, b"--x--\r\n", 400),
    ):
        answer = await uploader.gateway.http.post("/v1/uploads", content=body, headers=uploader.headers | headers)
        assert answer.status_code == status, (body[:40], answer.text)
    assert uploader.folders() == []


async def test_a_caller_that_goes_away_leaves_nothing(uploader: Uploader) -> None:
    host, _, port = uploader.gateway.address.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/uploads HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {uploader.headers['X-API-Key']}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\namount\r\n'
    )
    writer.write(head.encode())
    await writer.drain()
    await until(lambda: len(uploader.folders()) == 1)
    writer.close()
    await until(lambda: not uploader.folders())


async def test_a_client_has_a_quota(uploader: Uploader) -> None:
    big = b"amount\n" + b"1\n" * 100_000
    assert (await uploader.send(big)).status_code == 202
    refused = await uploader.send(big + b"2\n")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:riskstream:problem:too-many-kept")
    assert len(uploader.folders()) == 1


async def test_names_lose_their_folders(uploader: Uploader) -> None:
    sent = await uploader.send(LEDGER, "../../etc/passwd.csv")
    assert sent.json()["file_name"] == "passwd.csv"
    assert upload_folder(uploader.root, 1, sent.json()["upload_id"]).is_dir()


async def test_an_older_address_works(uploader: Uploader) -> None:
    files = {"file": ("ledger.csv", LEDGER.encode())}
    sent = await uploader.gateway.http.post("/api/v1/upload", files=files, headers=uploader.headers)
    assert sent.status_code == 202
    path = f"/api/v1/upload/{sent.json()['upload_id']}/status"
    assert (await uploader.gateway.http.get(path, headers=uploader.headers)).status_code == 200


async def test_who_may_do_what(gateway: RunningGateway, make_key: Any, other_client: int, uploader: Uploader) -> None:
    upload = await uploader.parsed(LEDGER)
    viewer = Uploader(gateway, await make_key(scopes=(SCOPE_READ,)))
    analyst = Uploader(gateway, await make_key(scopes=(SCOPE_READ, SCOPE_CASES)))
    stranger = Uploader(gateway, await make_key(other_client))
    assert (await viewer.send("amount\n1\n")).status_code == 403
    assert (await viewer.delete(upload["upload_id"])).status_code == 403
    assert len((await viewer.get("history"))["items"]) == 1
    assert (await analyst.send("amount\n1\n")).status_code == 202
    assert (await stranger.get("history"))["items"] == []
    assert (await stranger.delete(upload["upload_id"])).status_code == 404
    assert (await stranger.send(LEDGER)).json()["repeated"] is False


async def test_two_readings_that_differ_in_money_are_asked_about(uploader: Uploader) -> None:
    asked = await uploader.parsed("when;who;a;b\n2026-03-01;x;1,5;9,0\n2026-03-02;y;2,5;8,0\n")
    assert (asked["state"], asked["rows"], asked["accounting"]) == ("needs_confirmation", None, None)
    assert asked["problem"]
    (question,) = asked["questions"]
    assert [each["sums"] for each in question["alternatives"]] == [{"": "4"}, {"": "17"}]
    assert not rows_path(uploader.root, 1, asked["upload_id"]).exists()
    chosen = question["alternatives"][1]
    assert chosen["option"] == "--map amount=b"
    changed = await uploader.read_anew(asked["upload_id"], {"mapping": chosen["mapping"]})
    assert changed.status_code == 202, changed.text
    await do_jobs(uploader.gateway.parts.settings)
    settled = await uploader.get(f"{asked['upload_id']}/status")
    assert (settled["state"], settled["rows"], settled["questions"]) == ("parsed", 2, [])
    assert sum(row["amount_minor"] for row in uploader.rows(asked["upload_id"])) == 170_000
    later = await uploader.parsed("when;who;a;b\n2026-04-01;x;1,5;7,0\n2026-04-02;y;2,5;6,0\n")
    assert later["state"] == "parsed", "what was chosen holds for the next file of this kind"


async def test_every_line_is_accounted_for_and_a_balance_is_checked(uploader: Uploader) -> None:
    upload = await uploader.parsed(
        "Statement of account 7\n\nDate,Text,Amount,Balance\n"
        "2026-03-01,Rent,-10.00,90.00\n2026-03-02,Wage,25.50,115.50\n2026-03-03,?,x,115.50\n2026-03-04,Shop,-5.50,110.00\n"
    )
    accounting = upload["accounting"]
    parts = [accounting[name] for name in accounting if name != "lines"]
    assert sum(parts) == accounting["lines"] == 7
    assert (accounting["landed"], accounting["listed"], accounting["header"]) == (3, 1, 1)
    assert (upload["rows"], upload["rejected"]) == (3, 1)
    assert upload["balance"]["confirmed"] == upload["balance"]["checked"] >= 1
    findings = {each["subject"]: each for each in (await uploader.get(f"{upload['upload_id']}/mapping"))["findings"]}
    assert findings["amount"]["value"] == "Amount"
    assert findings["currency"]["certainty"] == "assumed"


async def test_a_layout_is_corrected_by_the_line_of_its_header(uploader: Uploader) -> None:
    upload = await uploader.parsed("Amount,Text\n1,a\nAmount,Text\n2,b\n3,c\n")
    changed = await uploader.read_anew(upload["upload_id"], {"layout": {"header_line": 3}, "keep": False})
    assert changed.status_code == 202, changed.text
    await do_jobs(uploader.gateway.parts.settings)
    status = await uploader.get(f"{upload['upload_id']}/status")
    assert (status["rows"], status["accounting"]["preamble"]) == (2, 2)
    for layout in ({"header_line": 3, "skip": 0}, {"header_line": 3, "header": False}, {"header_line": 0}):
        assert (await uploader.read_anew(upload["upload_id"], {"layout": layout})).status_code == 422
