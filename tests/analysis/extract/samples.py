"""Files as institutions send them, made here; each with what must come out of it."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from analysis.extract.extract import Defaults, Extracted, extract
from analysis.extract.reading import Wanted
from analysis.extract.rejects import read_rejects

STOCKHOLM = Defaults(time_zone="Europe/Stockholm")

BANK_CSV = """Kontoutdrag;;;;
Åkessons Bygg AB, konto 5566-7788;;;;

Bokföringsdag;Belopp;Saldo;Meddelande;Mottagare
2026-03-02;-1 234,50;98 765,50;Hyra mars;Fastighets AB Söder
2026-03-03;12 000,00;110 765,50;"Faktura 17; delbetalning";Öbergs Måleri
2026-03-04;-89,00;110 676,50;"Två
rader";Café Ängel
2026-03-05;okänt;110 676,50;;
2026-03-06;-5,00;110 671,50
"""
MOBILE_CSV = """Receipt No.,Completion Time,Details,Paid In,Withdrawn,Balance,Other Party Info
RC1,2026-03-01 09:15:00,Pay bill,,"1,200.00","8,800.00",254700000001 - Jane
RC2,2026-03-01 23:59:59,Received,"3,000.00",,"11,800.00",254700000002 - Ali
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id><Ccy>SEK</Ccy></Acct>
<Ntry><Amt Ccy="SEK">250.75</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>REF-1</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>Ann</Nm></Pty></Cdtr>
<CdtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></CdtrAcct></RltdPties>
<RmtInf><Ustrd>Invoice 17</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="SEK">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><DtTm>2026-03-03T10:00:00+01:00</DtTm></BookgDt><AcctSvcrRef>REF-2</AcctSvcrRef>
<NtryDtls><TxDtls><Amt Ccy="SEK">100.00</Amt><RltdPties><Dbtr><Nm>Bo</Nm></Dbtr></RltdPties></TxDtls>
<TxDtls><Amt Ccy="SEK">200.00</Amt><RltdPties><Dbtr><Nm>Cy</Nm></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
SIE = """#FLAGGA 0
#PROGRAM "Bokförarn" 2.1
#FORMAT PC8
#SIETYP 4
#FNAMN "Åkessons Bygg AB"
#KONTO 1930 "Företagskonto"
#KONTO 5010 "Lokalhyra"
#DIM 1 "Kostnadsställe"
#OBJEKT 1 "10" "Södra"
#VER "A" "1" 20260302 "Hyra \\"mars\\"" 20260303 "Eva"
{
#TRANS 5010 {1 "10"} 1234.50
#TRANS 1930 {} -1234.50 20260304 "Banken"
#RTRANS 1930 {} -1.00
#BTRANS 1930 {} -1.00
}
#VER A 2 20260305 "Fel"
{
#TRANS 5010 {} 10.00
#TRANS 1930 {} -9.00
}
#VER A 3 20260306 "Utan slut"
{
#TRANS 5010 {} 10.00
"""


def read(
    folder: Path, name: str, content: str | bytes, wanted: Wanted | None = None, defaults: Defaults = STOCKHOLM
) -> tuple[Extracted, list[dict[str, Any]], list[dict[str, Any]]]:
    """(what became of it, the rows without their nulls, the rejects). Raises FileRefused."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = extract(path, name, folder / "rows.parquet", folder / "rejects.parquet", wanted=wanted, defaults=defaults)
    rows = [
        {key: value for key, value in row.items() if value is not None}
        for row in pq.read_table(folder / "rows.parquet").to_pylist()
    ]
    assert len(rows) == found.rows
    rejects = read_rejects(folder / "rejects.parquet", 0, 100_000)
    assert len(rejects) == found.rejected
    return found, rows, sorted(rejects, key=lambda each: each["line"])
