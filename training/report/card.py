"""The model card: what the model is, what it was made of, what it is for and what it is not for."""

from scoring.schema import STREAM
from training.evaluation.groups import TYPOLOGY
from training.evaluation.moments import period_text
from training.evaluation.result import Group
from training.report import contents as words
from training.report.contents import Contents
from training.report.markdown import as_markdown, escaped

_CURVES = {"isotonic": "an isotonic", "platt": "Platt's"}
WEAK_RECALL = 0.5  # a kind of fraud of which less is found is named among the limits
ROWS_TO_SPEAK_OF = 10  # frauds of a group, below which its figure is an accident


def card(contents: Contents) -> str:
    """The card in Markdown."""
    manifest, evaluation = contents.manifest, contents.evaluation
    data = manifest.data
    parts = [
        f"# Model card: {manifest.version}",
        "## Model",
        f"Gradient-boosted trees (XGBoost {manifest.xgboost_version}, {manifest.parameters.get('rounds', '–')}"
        f" rounds) over {len(manifest.features)} features, definition `{manifest.catalogue_hash}`. The margin is"
        f" turned into a probability by {_CURVES.get(str(data.get('calibration')), 'a')} curve and into a risk score of"
        f" 0 to 100 by thresholds chosen by {data.get('thresholds', 'precision')}. File SHA-256 `{manifest.sha256}`."
        f" Made {manifest.created_at} by version `{manifest.code_version}`, seed {manifest.seed}.",
        "## Data",
        _data(contents),
        as_markdown(words.period_table(contents)),
        _point_in_time(contents),
        "## Intended use",
        "Ranking card and account payments by their risk of fraud, at the time of the payment, with a person behind"
        " every alert. It gives reasons with every alert. It is meant for payments like those it has learned from:"
        " the same institution, currencies and channels.",
        "## Not meant for",
        "Decisions about a person beyond a payment (credit, employment, insurance); other institutions' payments"
        " without training anew; the only ground for closing an account or reporting a customer.",
        "## How good it is",
        "\n".join(f"- {t.name}: {t.value}" + (f" ({t.detail})" if t.detail else "") for t in words.tiles(contents)),
        as_markdown(words.typology_table(contents)),
        f"Measured once on {period_text(evaluation.time_from, evaluation.time_to)}; nothing was chosen on these"
        " rows. The whole tables, with baselines and intervals, are in `report.md` and `report.html`.",
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(contents)),
        "## Ethical considerations",
        "No feature holds a name, a gender, an age or an origin; still, place, device, merchant and time of day can"
        " stand for them. The tables by segment show recall and false positives for each channel, currency and"
        " amount: look at them before use, and again with your own groups. A payment wrongly declined does harm as"
        " well as a fraud let through: the thresholds weigh one against the other, and they are yours to set. Labels"
        " come from earlier investigations, so what those overlooked, the model learns to overlook.",
    ]
    return "\n\n".join(parts) + "\n"


def _point_in_time(contents: Contents) -> str:
    manifest = contents.manifest
    if manifest.catalogue_hash != STREAM.hash:
        return "The parts follow each other in time. The columns are used as they came; what they mean is not known."
    return (
        f"Between the parts lie {manifest.data.get('gap_days', 0)} days without rows: labels come late, and on the day"
        " of training later ones would not have been known. Features were computed by the code that the stream runs, in"
        " event order, and saw labels only when those were known."
    )


def _data(contents: Contents) -> str:
    data = contents.manifest.data
    hidden = ("train_", "validation_", "test_", "gap_days", "calibration", "thresholds")
    told = [
        escaped(f"{value}" if name == "source" else f"{name.replace('_', ' ')} {value}")
        for name, value in data.items()
        if not name.startswith(hidden)
    ]
    return "Source: " + "; ".join(told) + f". Hash of the data: `{contents.manifest.data_hash}`."


def _limits(contents: Contents) -> list[str]:
    evaluation = contents.evaluation
    limits = []
    if str(contents.manifest.data.get("source", "")) in ("simulator", "synthetic"):
        limits.append(
            "Trained on simulated payments: it shows how the system works and knows nothing of your customers."
        )
    weak = [g for g in evaluation.groups if g.dimension == TYPOLOGY and g.recall is not None and g.recall < WEAK_RECALL]
    limits += [f"{_named(g)}: {g.recall:.0%} of {g.frauds} found at 0.5 % false positives." for g in weak]
    crowded = [g for g in evaluation.groups if _is_crowded(g)]
    limits += [
        f"{g.dimension} {escaped(g.name)}: {g.false_positive_rate:.1%} of legitimate payments lie above the score"
        " that 0.5 % of all reach."
        for g in crowded
    ]
    if contents.findings.drifted and words.drift_word(contents.findings.drifted[0].psi) != "stable":
        first = contents.findings.drifted[0]
        limits.append(f"Between train and test `{first.feature}` moved most (PSI {first.psi:.2f}).")
    limits.append(
        f"{evaluation.frauds} frauds in {evaluation.days:.0f} days are what the figures rest on; the intervals say"
        " how much."
    )
    limits.append("Fraudsters change what they do: watch the drift, and train again when precision falls.")
    return limits


def _is_crowded(group: Group) -> bool:
    rate = group.false_positive_rate
    return group.dimension != TYPOLOGY and rate is not None and rate > 0.05 and group.frauds >= ROWS_TO_SPEAK_OF


def _named(group: Group) -> str:
    return f"Weak at {escaped(group.name.replace('_', ' '))}"
