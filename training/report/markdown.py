"""The report in Markdown: the same tables and words, without the charts."""

from training.evaluation import table
from training.evaluation.moments import period_text
from training.evaluation.result import Evaluation
from training.evaluation.table import Table
from training.report import contents as words
from training.report.contents import Contents
from training.report.findings import Mistake


def report(contents: Contents) -> str:
    """The whole document."""
    manifest, evaluation = contents.manifest, contents.evaluation
    tiles = [
        f"- **{tile.name}**: {tile.value}" + (f" ({tile.detail})" if tile.detail else "") for tile in _tiles(contents)
    ]
    parts = [
        f"# Model {manifest.version}",
        f"Made {manifest.created_at}. Tested on {period_text(evaluation.time_from, evaluation.time_to)}, which it"
        f" had not seen. Amounts in {contents.currency}. The charts are in `report.html`.",
        "\n".join(tiles),
        as_markdown(words.period_table(contents)),
        "## Beside the baselines",
        as_markdown(words.comparison_table(contents)),
        words.blocks_sentence(evaluation),
        "## Thresholds",
        as_markdown(table.levels(evaluation)),
        *table.empty_bands(evaluation),
        as_markdown(words.cuts_table(contents)),
        "## Kinds of fraud",
        as_markdown(words.typology_table(contents)),
        "## Segments",
        *(as_markdown(one) for one in words.segment_tables(contents)),
        "## Importance",
        as_markdown(words.importance_table(contents)),
        "## Drift from train to test",
        as_markdown(words.drift_table(contents)),
    ]
    for heading, text, rows in words.mistakes(contents):
        parts += [f"## {heading}", text, _mistakes(rows)]
    if contents.trials:
        parts += ["## The search", as_markdown(words.trials_table(contents))]
    return "\n\n".join(parts) + "\n"


def evaluation_document(evaluation: Evaluation, currency: str) -> str:
    """An evaluation alone, for a period of somebody's choice."""
    typologies_and_segments = [table.groups(evaluation, name) for name in table.dimensions(evaluation)]
    parts = [
        f"# Evaluation of model {evaluation.version}",
        f"{evaluation.rows:,} transactions of {period_text(evaluation.time_from, evaluation.time_to)},"
        f" {evaluation.frauds:,} of them fraud worth {evaluation.fraud_value:,.0f} {currency}. Calibration error"
        f" {evaluation.calibration_error:.4f}, Brier score {evaluation.brier:.4f}.",
        as_markdown(table.transposed(table.comparison(evaluation))),
        words.blocks_sentence(evaluation),
        as_markdown(table.levels(evaluation)),
        *table.empty_bands(evaluation),
        *(as_markdown(one) for one in typologies_and_segments),
    ]
    return "\n\n".join(parts) + "\n"


def as_markdown(one: Table) -> str:
    """A table, numbers to the right."""
    if not one.rows:
        return "None."
    lines = [_row(one.headings), _row([":--", *["--:"] * (len(one.headings) - 1)])]
    return "\n".join([*lines, *(_row(row) for row in one.rows)])


def escaped(text: str) -> str:
    """Text of other people (ids, names) as it is, whatever signs it has."""
    for sign in "\\|`*_[]<>":
        text = text.replace(sign, f"\\{sign}")
    return text


def _row(cells: "list[str] | tuple[str, ...]") -> str:
    return "| " + " | ".join(cell if cell in (":--", "--:") else escaped(cell) for cell in cells) + " |"


def _tiles(contents: Contents) -> list[words.Tile]:
    return words.tiles(contents)


def _mistakes(rows: list[Mistake]) -> str:
    listed = [
        (one.transaction, f"{one.amount:,.2f}", f"{one.score:.1f}", one.typology or "–", "; ".join(one.reasons))
        for one in rows
    ]
    return as_markdown(Table(("transaction", "amount", "score", "kind", "strongest reasons"), listed))
