"""The report as one HTML page: no script, nothing from the network, readable in light, dark and print."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

from markdown_it import MarkdownIt

from training.evaluation.moments import period_text
from training.evaluation.table import Table, empty_bands, levels
from training.report import contents as words
from training.report.card import card
from training.report.charts import all_charts
from training.report.contents import Contents
from training.report.findings import Mistake

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_WORDS = frozenset({"meaning", "strongest reasons"})  # columns of text, not of numbers
_SCROLL = '<div class="scroll" role="region" tabindex="0" aria-label="{}">'  # a wide table moves, the page does not


def page(contents: Contents) -> str:
    """The whole document."""
    sections = _sections(contents)
    links = "".join(f'<li><a href="#s{i}">{escape(title)}</a></li>' for i, (title, _) in enumerate(sections))
    body = "".join(
        f'<section aria-labelledby="s{i}"><h2 id="s{i}">{escape(title)}</h2>{inner}</section>'
        for i, (title, inner) in enumerate(sections)
    )
    title = f"Model {contents.manifest.version}"
    head = f'<header><h1>{escape(title)}</h1><p class="muted">{escape(_subtitle(contents))}</p></header>'
    return document(f"{title} – report", f'{head}<nav aria-label="Sections"><ul>{links}</ul></nav><main>{body}</main>')


def card_page(contents: Contents) -> str:
    """The model card as a page of the same looks; what is no Markdown in it (names from data) stays text."""
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(card(contents))
    tables = rendered.replace("<table>", f"{_SCROLL.format('Table')}<table>").replace("</table>", "</table></div>")
    return document(f"Model {contents.manifest.version} – card", f'<main class="prose">{tables}</main>')


def document(title: str, body: str) -> str:
    """A page of its own, with the styles in it."""
    style = files("training.report").joinpath("style.css").read_text("utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def _subtitle(contents: Contents) -> str:
    manifest, evaluation = contents.manifest, contents.evaluation
    return (
        f"Made {manifest.created_at}. Tested on {period_text(evaluation.time_from, evaluation.time_to)}, which it"
        f" had not seen. Amounts in {contents.currency}."
    )


def _sections(contents: Contents) -> list[tuple[str, str]]:
    charts = all_charts(contents)
    sections = [
        ("In short", _tiles(contents) + _table(words.period_table(contents), "Periods")),
        (
            "Beside the baselines",
            _table(words.comparison_table(contents), "Test period")
            + f'<p class="note">{escape(words.blocks_sentence(contents.evaluation))}</p>',
        ),
        ("Ranking and calibration", _charts(charts, "precision_recall", "roc", "calibration", "scores")),
        (
            "Thresholds",
            _table(levels(contents.evaluation), "The model's own levels")
            + "".join(f'<p class="note">{escape(warning)}</p>' for warning in empty_bands(contents.evaluation))
            + _charts(charts, "load", "cost")
            + _table(words.cuts_table(contents), "Other alert thresholds"),
        ),
        (
            "Kinds of fraud and segments",
            _table(words.typology_table(contents), "Kinds of fraud")
            + "".join(_table(one, f"By {one.headings[0]}") for one in words.segment_tables(contents)),
        ),
        (
            "What the model looks at",
            _charts(charts, "importance") + _table(words.importance_table(contents), "Importance"),
        ),
        ("Drift from train to test", _charts(charts, "drift") + _table(words.drift_table(contents), "Drift")),
        ("The worst mistakes", "".join(_mistakes(*one) for one in words.mistakes(contents))),
    ]
    if contents.trials:
        sections.append(("The search", _table(words.trials_table(contents), "Best trials, on validation folds only")))
    return sections


def _tiles(contents: Contents) -> str:
    items = "".join(
        f"<div><dt>{escape(tile.name)}</dt><dd>{escape(tile.value)}<small>{escape(tile.detail)}</small></dd></div>"
        for tile in words.tiles(contents)
    )
    return f'<dl class="tiles">{items}</dl>'


def _charts(charts: dict[str, str], *names: str) -> str:
    return f'<div class="charts">{"".join(charts[name] for name in names)}</div>'


def _table(table: Table, caption: str) -> str:
    if not table.rows:
        return f"<h3>{escape(caption)}</h3><p>None.</p>"
    rows = "".join(f"<tr>{_cells(table.headings, row)}</tr>" for row in table.rows)
    head = "".join(f'<th scope="col"{_style(heading)}>{escape(heading)}</th>' for heading in table.headings)
    return (
        f"{_SCROLL.format(escape(caption, quote=True))}<table>"
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(headings: Sequence[str], row: Sequence[str]) -> str:
    cells = [f'<th scope="row">{escape(row[0])}</th>']
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        cells.append(f"<td{_style(heading)}>{escape(cell)}</td>")
    return "".join(cells)


def _style(heading: str) -> str:
    if heading == "days":
        return ' class="dates"'
    return ' class="words"' if heading in _WORDS else ""


def _mistakes(heading: str, text: str, rows: list[Mistake]) -> str:
    if not rows:
        return f"<h3>{escape(heading)}</h3><p>None.</p>"
    body = "".join(
        f'<tr><th scope="row">{escape(one.transaction)}</th><td>{one.amount:,.2f}</td><td>{one.score:.1f}</td>'
        f'<td class="words">{escape(one.typology or "–")}</td>'
        f'<td class="words"><ul>{"".join(f"<li>{escape(reason)}</li>" for reason in one.reasons)}</ul></td></tr>'
        for one in rows
    )
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("transaction", "amount", "score", "kind", "strongest reasons")
    )
    return (
        f'<h3>{escape(heading)}</h3><p class="note">{escape(text)}</p>{_SCROLL.format(escape(heading, quote=True))}'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        "</div>"
    )
