"""The registry on a screen."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from scoring.manifest import Manifest
from training.models_live import LiveComparison
from training.models_view import Listed

# (name, manifest metric, format): what a test period gives
_FIGURES = (
    ("average precision", "average_precision", ".4f"),
    ("ROC AUC", "roc_auc", ".4f"),
    ("calibration error", "calibration_error", ".4f"),
    ("precision at review", "precision_at_review", ".3f"),
    ("recall at review", "recall_at_review", ".3f"),
    ("precision at flag", "precision_at_flag", ".3f"),
    ("recall at flag", "recall_at_flag", ".3f"),
    ("alerts, share", "share_at_flag", ".4f"),
    ("precision at decline", "precision_at_decline", ".3f"),
    ("recall at decline", "recall_at_decline", ".3f"),
)
NOTHING = "–"


def list_table(found: Sequence[Listed]) -> Table:
    """One row a version, newest last; fits 80 columns."""
    table = Table("version", "role", "tested to", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("fraud", "AP", "AUC", "recall"):
        table.add_column(name, justify="right", no_wrap=True)
    for column in table.columns:
        column.no_wrap = True
    remarks = []
    for one in found:
        manifest = one.manifest
        complaint = one.complaint or ("" if one.fits else "is of another feature catalogue; train again")
        if complaint:
            remarks.append(f"{one.version} {complaint}")
        data = manifest.data if manifest else {}
        table.add_row(
            one.version,
            one.role,
            str(data.get("test_to", NOTHING))[:10],
            str(data.get("test_fraud", NOTHING)),
            *(_metric(one, name, ".4f") for name in ("average_precision", "roc_auc")),
            _metric(one, "recall_at_flag", ".3f"),
        )
    notes = ["Of each version's own test period: AP average precision, recall of fraud among what is flagged."]
    table.caption = "\n".join([*notes, *remarks])
    table.caption_justify = "left"
    return table


def _source(manifest: Manifest) -> str:
    return ", ".join(str(manifest.data[name]) for name in ("source", "data") if name in manifest.data) or NOTHING


def show_table(one: Listed) -> Table:
    """Everything that a reader asks of one version."""
    table = Table(title=f"Model {one.version}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("role", one.role or NOTHING)
    manifest = one.manifest
    if manifest is None:
        table.add_row("manifest", one.complaint)
        return table
    table.add_row("made", manifest.created_at)
    table.add_row("SHA-256", manifest.sha256)
    table.add_row("catalogue", f"{manifest.catalogue_hash} ({'this one' if one.fits else 'another one'})")
    table.add_row("data", f"{_source(manifest)}; hash {manifest.data_hash or NOTHING}")
    table.add_row("code", manifest.code_version or NOTHING)
    limits = manifest.thresholds
    table.add_row("thresholds", f"review {limits.review:g}, flag {limits.flag:g}, decline {limits.decline:g}")
    for name in ("train", "validation", "test"):
        rows, fraud = manifest.data.get(f"{name}_rows", NOTHING), manifest.data.get(f"{name}_fraud", NOTHING)
        table.add_row(f"{name} period", f"{_period(one, name)}: {rows} rows, {fraud} fraud")
    table.add_section()
    for label, name, form in _FIGURES:
        table.add_row(label, _metric(one, name, form))
    table.add_section()
    for entry in one.reigns:
        told = f"{entry.action}d" if entry.action == "promote" else "rolled back to"
        table.add_row(entry.at or "at some time", f"{told} after {entry.previous or 'nobody'} by {entry.by or NOTHING}")
    return table


def comparison_table(one: Listed, other: Listed) -> Table:
    """Two versions' figures of their own test periods."""
    table = Table("test period", one.version, other.version, "difference", title_justify="left")
    table.add_row("role", one.role or NOTHING, other.role or NOTHING, "")
    table.add_row("period", _period(one, "test"), _period(other, "test"), "")
    for label, name, form in _FIGURES:
        values = [one_of.manifest.metrics.get(name) if one_of.manifest else None for one_of in (one, other)]
        table.add_row(label, *(_number(value, form) for value in values), _difference(values[0], values[1], form))
    if _period(one, "test") != _period(other, "test"):
        table.caption = "The periods differ, so the figures cannot be compared; --live or `riskstream evaluate` can."
    return table


def live_table(result: LiveComparison) -> Table:
    """Both on the same transactions."""
    old, new = result.champion, result.challenger
    title = f"{result.rows:,} transactions, {result.time_from} to {result.time_to}"
    table = Table("", f"champion {old.version}", f"challenger {new.version}", "difference", title=title)
    table.title_justify = "left"
    for label, name, form in (
        ("reviews", "reviews", ",d"),
        ("alerts", "alerts", ",d"),
        ("of them declined", "declines", ",d"),
        ("alerts a day", "alerts_a_day", ",.1f"),
        ("mean score", "mean_score", ".2f"),
    ):
        values = getattr(old, name), getattr(new, name)
        table.add_row(label, *(_number(value, form) for value in values), _difference(values[0], values[1], form))
    table.add_row("alerts of one only", f"{result.alerts_of_champion_only:,}", f"{result.alerts_of_challenger_only:,}")
    table.add_row("  known fraud", f"{result.frauds_of_champion_only:,}", f"{result.frauds_of_challenger_only:,}")
    table.add_section()
    for label, name, form in (
        ("average precision", "average_precision", ".4f"),
        ("ROC AUC", "roc_auc", ".4f"),
        ("precision at flag", "precision_at_flag", ".3f"),
        ("recall at flag", "recall_at_flag", ".3f"),
        ("calibration error", "calibration_error", ".4f"),
    ):
        values = getattr(old, name), getattr(new, name)
        table.add_row(label, *(_number(value, form) for value in values), _difference(values[0], values[1], form))
    table.caption = (
        f"Same level: {result.agreement:.2%}. PSI of the scores: {result.score_psi:.4f}. {result.labels:,} labels,"
        f" {result.frauds:,} fraud. Quality: of {result.mature_rows:,} transactions old enough to be labelled."
        + (f" {result.left_out:,} decided by other models are left out." if result.left_out else "")
    )
    table.caption_justify = "left"
    return table


def _period(one: Listed, name: str) -> str:
    data = one.manifest.data if one.manifest else {}
    start, stop = str(data.get(f"{name}_from", ""))[:10], str(data.get(f"{name}_to", ""))[:10]
    return f"{start} to {stop}" if start else NOTHING


def _metric(one: Listed, name: str, form: str) -> str:
    return _number(one.manifest.metrics.get(name) if one.manifest else None, form)


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else format(value, form)


def _difference(one: float | None, other: float | None, form: str) -> str:
    return "" if one is None or other is None else format(other - one, f"+{form}")
