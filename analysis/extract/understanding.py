"""What a file is understood to say: a mapping with its evidence, and what is open, with its sums in money."""

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from analysis.extract.known_exports import KnownExport, folded, recognised, recognised_by_cells
from analysis.extract.mapping import Open, guess_mapping
from analysis.extract.parts import Batch, Reader
from analysis.extract.reading import (
    Alternative,
    Basis,
    Certainty,
    Directions,
    Finding,
    Format,
    Layout,
    Mapping,
    Meaning,
    Question,
)
from analysis.extract.sample import ENOUGH, Sample
from analysis.extract.times import guess_order
from analysis.extract.transform import Transform

MINOR_DIGITS = 4
_NAMED_ENCODINGS = {"utf_8": "UTF-8", "utf_8_sig": "UTF-8", "utf_16": "UTF-16", "utf_32": "UTF-32"}


class Understanding:
    """A mapping, where it comes from, why, and what is open. `problem`: why there are no rows at all."""

    def __init__(self, mapping: Mapping, origin: str) -> None:
        self.mapping = mapping
        self.origin = origin
        self.findings: list[Finding] = []
        self.open: list[Open] = []
        self.problem = ""
        self.known_export: str | None = None

    def say(self, subject: str, value: str, basis: Basis, certainty: Certainty, evidence: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(subject=subject, value=value, basis=basis, certainty=certainty, evidence=evidence))


def understood(sample: Sample, *, time_zone: str, currency: str | None) -> Understanding:
    """A known export where the header is one's, or the cells where there is no header; else a guess."""
    guess = guess_mapping(sample, time_zone=time_zone, currency=currency)
    export = recognised(sample.names)
    if export is None and all(re.fullmatch(r"column \d+", name) for name in sample.names):
        export = recognised_by_cells([sample.columns[name] for name in sample.names])
    if export is not None:
        return _of_export(export, sample, guess.mapping)
    found = Understanding(guess.mapping, "guessed")
    found.findings, found.open, found.problem = guess.findings, guess.open, guess.problem
    return found


def decided(mapping: Mapping, origin: Basis) -> Understanding:
    """A mapping that somebody gave, or that is kept, or that the format says."""
    found = Understanding(mapping, str(origin))
    for meaning, column in mapping.columns.items():
        found.say(str(meaning), column, origin, "certain", "")
    return found


def _of_export(export: KnownExport, sample: Sample, guessed: Mapping) -> Understanding:
    columns = _in_this_file(export, sample.names)
    dates = sample.filled(columns["time"]) if "time" in columns else []
    words = Directions(money_in=export.money_in, money_out=export.money_out)
    mapping = Mapping(
        columns=columns,
        decimal_sign=export.decimal_sign or guessed.decimal_sign,
        date_order=export.date_order or guess_order(dates, ENOUGH) or "ymd",
        time_zone=export.time_zone or guessed.time_zone,
        currency=export.currency or guessed.currency,
        directions=words if export.money_in or export.money_out else None,
        positive_is_out=export.positive_is_out,
        fee=_spelled(sample.names).get(folded(export.fee)),
        booked={
            column: words
            for name, words in export.booked.items()
            if (column := _spelled(sample.names).get(folded(name))) is not None
        },
    )
    found = Understanding(mapping, "guessed")
    found.known_export = export.name
    what = "cells are those" if export.cells else "header is that"
    for meaning, column in columns.items():
        found.say(str(meaning), column, "known export", "certain", f"the {what} of {export.name}")
    for column, booked in mapping.booked.items():
        found.say("state", column, "known export", "certain", f"only {' and '.join(booked)} count as booked")
    if mapping.fee is not None:
        found.say("fee", mapping.fee, "known export", "certain", "the amount leaves it out")
    return found


def _in_this_file(export: KnownExport, names: Sequence[str]) -> dict[Meaning, str]:
    """The export's columns as this file spells them."""
    spelled = _spelled(names)
    found = {meaning: spelled.get(folded(column)) for meaning, column in export.columns.items()}
    return {meaning: column for meaning, column in found.items() if column is not None}


def _spelled(names: Sequence[str]) -> dict[str, str]:
    return {folded(name): name for name in reversed(names)}


def say_layout(found: Understanding, file_format: Format, layout: Layout, given: Layout) -> None:
    """Add what was found out of how the file is laid out."""
    if layout.encoding and file_format in ("csv", "json", "jsonl"):
        name = layout.encoding
        is_sure = name in _NAMED_ENCODINGS
        if given.encoding:
            found.say("encoding", name, "given", "certain", "")
        else:
            evidence = "the whole file is valid in it" if is_sure else "its letters make words in it"
            shown = _NAMED_ENCODINGS.get(name, name.replace("cp125", "windows-125"))
            found.say("encoding", shown, "values", "certain" if is_sure else "likely", evidence)
    if layout.delimiter:
        shown = {"\t": "tab", ",": "comma", ";": "semicolon"}.get(layout.delimiter, layout.delimiter)
        is_given = given.delimiter is not None
        found.say("delimiter", shown, "given" if is_given else "values", "certain" if is_given else "likely", "")
    if layout.skip is not None:
        is_given = given.skip is not None or given.header is not None
        shown = f"line {layout.skip + 1}" if layout.header else "none"
        evidence = "its cells name what stands below them" if layout.header else "the first line is like the others"
        found.say("header", shown, "given" if is_given else "values", "certain" if is_given else "likely", evidence)


def questions_of(found: Understanding, reader: Reader) -> list[Question]:
    """What is open, with what each answer means in money: the whole file is read for each."""
    return [
        Question(
            subject=each.subject,
            question=each.question,
            alternatives=[_alternative(reader, *answer) for answer in each.answers],
        )
        for each in found.open
    ]


def _alternative(reader: Reader, label: str, option: str, mapping: Mapping) -> Alternative:
    sums: dict[str, int] = {}
    rows = 0
    if mapping.problem(reader.names) is None:
        transform = Transform(mapping, lambda *_: None)
        for batch in reader.batches():
            if not isinstance(batch, Batch):
                continue
            columns = transform.apply(batch)
            amount = np.asarray(columns["amount_minor"])
            rows += len(amount)
            codes = columns.get("currency")
            currencies = codes.to_pylist() if codes is not None else [None] * len(amount)
            for code in set(currencies):
                mask = np.array([each == code for each in currencies], bool)
                sums[code or ""] = sums.get(code or "", 0) + sum(amount[mask].tolist())
    shown = {code: f"{Decimal(total).scaleb(-MINOR_DIGITS).normalize():f}" for code, total in sorted(sums.items())}
    return Alternative(label=label, option=option, mapping=mapping, rows=rows, sums=shown)
