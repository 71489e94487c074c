"""Which column of a file means what: a guess from its name and its contents."""

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from hashlib import sha256
from typing import get_args

from analysis.extract.amounts import guess_sign, parse_amount
from analysis.extract.reading import Directions, Mapping, Meaning
from analysis.extract.times import guess_order
from contracts.currency import MINOR_UNIT_DECIMALS

MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
ENOUGH = 0.5  # of the examples must be what a column's name says
ENOUGH_UNNAMED = 0.8  # where the name says nothing


# What columns are called, in the languages of the institutions that we know; compared without case and marks.
_NAMES: dict[Meaning, str] = {
    "transaction_id": "transaction id|transaction_id|txn id|tx id|trans id|transaktionsid|transaction reference"
    "|reference number|payment id|entry reference|receipt no|receipt|verifikationsnummer|beleg nr|belegnr"
    "|belegnummer|id",
    "account": "account id|account number|account no|account|konto|kontonummer|iban|card number|card id|card"
    "|customer id|customer|msisdn|phone number|phone|sender|nameorig|from account|auftragskonto|compte|cuenta|konto nr"
    "|kunde|kunden nr|kundennr|kundennummer|kund|kundnummer|kundnr|cliente",
    "time": "timestamp|transaction time|transaction date|date time|datetime|booking date|posting date|booked|date"
    "|bokföringsdag|bokföringsdatum|transaktionsdatum|transaktionsdag|datum|buchungstag|buchungsdatum|buchungszeit"
    "|valuta datum"
    "|completion time|created at|event time|fecha|date opération|value date|valutadag|time|tx datetime",
    "clock": "time of day|clock|klockslag|tid|uhrzeit|hour|heure|hora|time",
    "amount": "amount|transaction amount|tx amount|belopp|summa|betrag|umsatz|montant|importe|value|sum|amt",
    "money_in": "paid in|money in|credit|credit amount|deposit|deposits|insättning|insättningar|haben|crédit|gutschrift"
    "|debet",
    "money_out": "paid out|money out|withdrawn|withdrawal|withdrawals|debit|debit amount|uttag|soll|débit|lastschrift"
    "|kredit",
    "direction": "credit debit indicator|cdtdbtind|debit credit|dr cr|d c|direction|soll haben|type dc|sign",
    "currency": "currency|currency code|ccy|valuta|währung|devise|moneda|curr",
    "counterparty": "counterparty|counterparty account|beneficiary|beneficiary id|beneficiary name|payee|recipient"
    "|receiver|mottagare|motpart|empfänger|begünstigter|namedest|to account|creditor|other party|other party info"
    "|bénéficiaire|beneficiario|supplier|leverantör",
    "merchant": "merchant|merchant id|merchant name|shop|terminal id|store|handlare|händler|vendor",
    "category": "category|merchant category|mcc|transaction type|type|kategori|kategorie|transaktionstyp|buchungstext"
    "|catégorie|voucher series|serie|details",
    "channel": "channel|kanal|payment method|method|entry mode",
    "country": "country|country code|land|pays|país|merchant country",
    "device": "device|device id|device_id|imei|terminal",
    "ip": "ip|ip address|ip_address|ipaddress",
    "text": "text|description|narrative|message|meddelande|reference|referens|verwendungszweck|libellé|concepto|memo"
    "|note|remittance information|transaktionstext|beskrivning|details|particulars|purpose",
    "balance": "balance|saldo|running balance|solde|kontostand|account balance|closing balance|bokfört saldo",
}
_KNOWN: dict[Meaning, list[str]] = {}


def folded(name: str) -> str:
    """A name without case, marks and the words' boundaries in it: "TransactionID" is "transaction id"."""
    spaced = re.sub(r"(?<=[a-z0-9åäöéü])(?=[A-ZÅÄÖ])", " ", name)
    return " ".join(re.sub(r"[^\w]+|_", " ", spaced).casefold().split())


def guess_mapping(
    names: Sequence[str], examples: AnyMapping[str, Sequence[str]], *, time_zone: str, currency: str | None = None
) -> Mapping:
    """The likeliest mapping. `examples`: column → some of its values as text; the empty ones are passed over."""
    filled = {name: [value.strip() for value in examples[name] if value.strip()] for name in names}
    claims = sorted(
        (
            (rank, names.index(name), meaning, name)
            for name in names
            for meaning in MEANINGS
            if (rank := _rank(meaning, name)) is not None and _fits(meaning, filled[name])
        ),
        key=lambda claim: claim[:2],
    )
    columns: dict[Meaning, str] = {}
    for _, _, meaning, name in claims:
        if meaning not in columns and name not in columns.values():
            columns[meaning] = name
    _by_contents(columns, names, filled)
    _consistent(columns)
    amounts: tuple[Meaning, ...] = ("amount", "money_in", "money_out")
    values = [value for meaning in amounts for value in filled.get(columns.get(meaning, ""), [])]
    order = guess_order(filled[columns["time"]], ENOUGH) if "time" in columns else None
    return Mapping(
        columns=columns,
        decimal_sign=guess_sign(values),
        date_order=order or "ymd",
        time_zone=time_zone,
        currency=currency,
    )


def layout_of(file_format: str, names: Sequence[str]) -> str:
    """Names a kind of file: its format and its columns in their order."""
    joined = "\x1f".join(names).encode("utf-8", "replace")
    return f"{file_format}:{sha256(joined).hexdigest()[:40]}"


def _rank(meaning: Meaning, name: str) -> int | None:
    """How well the name fits, 0 best: its place among what this meaning is called; behind these, a part of the name."""
    if not _KNOWN:
        _KNOWN.update({each: [folded(known) for known in text.split("|")] for each, text in _NAMES.items()})
    known, words = _KNOWN[meaning], folded(name)
    if words in known:
        return known.index(words)
    parts = set(words.split())
    inside = [place for place, other in enumerate(known) if len(other) > 3 and set(other.split()) <= parts]
    return 100 + inside[0] if inside else None


def _fits(meaning: Meaning, values: Sequence[str]) -> bool:
    """Whether the contents speak against it; an empty column may be anything."""
    if not values:
        return True
    if meaning in ("amount", "money_in", "money_out", "balance"):
        return _share(values, _is_amount) >= ENOUGH
    if meaning == "time":
        return guess_order(list(values), ENOUGH) is not None
    if meaning == "clock":
        return _share(values, lambda value: bool(re.fullmatch(r"\d{1,2}[:.]\d{2}([:.]\d{2}.*)?", value))) >= ENOUGH
    if meaning == "currency":
        return _share(values, lambda value: value.upper() in MINOR_UNIT_DECIMALS) >= ENOUGH
    if meaning == "direction":
        return _share(values, lambda value: sign_of(value) is not None) >= ENOUGH
    return True


def _is_amount(value: str) -> bool:
    return parse_amount(value, ".") is not None or parse_amount(value, ",") is not None


def _share(values: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, values)) / len(values)


def _by_contents(columns: dict[Meaning, str], names: Sequence[str], filled: AnyMapping[str, Sequence[str]]) -> None:
    """What no name told, or the contents spoke against: the first column of dates, the first of amounts.

    A column that is called an amount and holds one at least is taken before those that only look like it.
    """
    free = [name for name in names if name not in columns.values() and filled[name]]
    if not {"amount", "money_in", "money_out"} & set(columns):
        called = [name for name in free if _rank("amount", name) is not None and any(map(_is_amount, filled[name]))]
        columns.update({"amount": called[0]} if called else {})
    if "time" not in columns:
        dated = [name for name in free if _share(filled[name], _looks_dated) >= ENOUGH_UNNAMED]
        columns.update({"time": dated[0]} if dated else {})
    if not {"amount", "money_in", "money_out"} & set(columns):
        decimals = [
            name
            for name in free
            if name not in columns.values()
            and _share(filled[name], _is_amount) >= ENOUGH_UNNAMED
            and any(re.search(r"[.,]\d{1,2}\D*$", value) for value in filled[name])
        ]
        columns.update({"amount": decimals[0]} if decimals else {})
    if "currency" not in columns:
        codes = [name for name in free if name not in columns.values() and _fits("currency", filled[name])]
        columns.update({"currency": codes[0]} if codes else {})


def _looks_dated(value: str) -> bool:
    return bool(re.match(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\d{8}T", value))


def _consistent(columns: dict[Meaning, str]) -> None:
    """One way to have an amount, and a time of day only with its date."""
    if "amount" in columns:
        for meaning in ("money_in", "money_out"):
            columns.pop(meaning, None)
    if "direction" in columns and "amount" not in columns:
        del columns["direction"]
    if "clock" in columns and "time" not in columns:
        del columns["clock"]


_SIGNS = {
    **dict.fromkeys("dbit debit debet d dr db out soll s - uttag".split(), -1),
    **dict.fromkeys("crdt credit kredit c cr in haben h + insättning k".split(), 1),
}


def sign_of(direction: str, given: Directions | None = None) -> int | None:
    """-1 for money out, 1 for money in, None for what says neither. `given` stands in place of the known words."""
    word = direction.strip().casefold()
    if given is None:
        return _SIGNS.get(word)
    if any(word == each.strip().casefold() for each in given.money_in):
        return 1
    return -1 if any(word == each.strip().casefold() for each in given.money_out) else None
