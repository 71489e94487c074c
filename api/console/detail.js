// One alert in detail: why it was raised, what was decided, what was paid.

import { aroundOf } from "./around.js";
import { CaseWork } from "./case.js";
import { bar, byId, el } from "./dom.js";
import { money, number, percent, score, sentence, title, when, words } from "./format.js";
import { investigation, transaction } from "./gateway.js";

const DRAWN_FEATURES_MAX = 500;
const RECEIVED = [
  ["account_id", "Account"],
  ["phone_number", "Phone number"],
  ["merchant_id", "Merchant"],
  ["merchant_category", "Category"],
  ["beneficiary_id", "Beneficiary"],
  ["device_id", "Device"],
  ["ip_address", "IP address"],
  ["channel", "Channel"],
  ["kind", "Kind"],
  ["location", "Place"],
  ["country", "Country"],
];

export class Detail {
  #pane = byId("detail");
  #hint = byId("detail-hint");
  #shown = null;
  #onClose;
  #onWorked;

  /** `onClose(alertId)` when the reader closes it, `onWorked(alerts)` when the work on a case changed its alerts. */
  constructor(onClose, onWorked = () => {}) {
    this.#onClose = onClose;
    this.#onWorked = onWorked;
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#shown) this.close();
    });
  }

  async show(alert) {
    this.#shown = alert.alert_id;
    this.#pane.dataset.severity = alert.severity;
    this.#draw(alert, el("p", { className: "detail-part note", role: "status" }, "Loading the transaction…"));
    this.#pane.classList.add("open");
    this.#pane.scrollTop = 0;
    this.#pane.focus({ preventScroll: true });
    const [stored, around] = await Promise.allSettled([transaction(alert.transaction_id), investigation(alert.alert_id)]);
    if (this.#shown !== alert.alert_id) return;
    const rest = stored.value ? factsOf(stored.value) : [failed("The transaction", stored.reason)];
    const work = around.value ? [new CaseWork(alert.alert_id, around.value, this.#onWorked).element, ...aroundOf(around.value)] : [failed("The case", around.reason)];
    this.#draw(alert, ...work, ...rest);
  }

  close() {
    const alertId = this.#shown;
    this.#shown = null;
    this.#pane.classList.remove("open");
    this.#pane.replaceChildren(this.#hint);
    this.#onClose(alertId);
  }

  #draw(alert, ...rest) {
    const close = el("button", { type: "button", className: "button" }, "Close");
    close.addEventListener("click", () => this.close());
    this.#pane.replaceChildren(headOf(alert, close), riskOf(alert), reasonsOf(alert.reasons), signalsOf(alert.signals), ...rest);
  }
}

const failed = (what, error) => el("p", { className: "detail-part error" }, `${what} cannot be shown: ${error.message}`);

function headOf(alert, close) {
  return el(
    "header",
    { className: "detail-head" },
    el(
      "div",
      {},
      el("h2", { className: "big" }, money(alert.amount, alert.currency)),
      el(
        "p",
        { className: "under" },
        el("span", { className: "chip" }, title(alert.severity)),
        el("time", { dateTime: new Date(alert.event_time_ms).toISOString() }, when(alert.event_time_ms)),
      ),
    ),
    close,
  );
}

function riskOf(alert) {
  const meter = el("div", { className: "meter", attributes: { "aria-hidden": "true" } }, bar(alert.risk_score / 100));
  const line = el(
    "p",
    { className: "meter-row" },
    el("span", {}, "Risk score ", el("b", {}, score(alert.risk_score)), " of 100"),
    el("b", {}, title(alert.recommendation)),
  );
  return part(null, line, meter);
}

function reasonsOf(reasons) {
  if (reasons.length === 0) return part("Why", el("p", { className: "note" }, "No reasons are stored with this alert."));
  const largest = Math.max(...reasons.map((reason) => Math.abs(reason.contribution)), 1e-9);
  const rows = reasons.map((reason) => {
    const share = Math.abs(reason.contribution) / largest;
    const raises = reason.contribution >= 0;
    const track = el("div", { className: "track", attributes: { "aria-hidden": "true" } }, bar(raises ? 0 : share, "less"), bar(raises ? share : 0, "more"));
    const effect = `${raises ? "+" : "−"}${Math.abs(reason.contribution).toFixed(2)} ${raises ? "risk" : "safe"}`;
    return el("li", {}, el("p", {}, sentence(reason.text)), el("div", { className: "weigh" }, track, el("span", { title: `${reason.feature}, in log-odds` }, effect)));
  });
  return part("Why", el("ol", { className: "reasons" }, ...rows));
}

function signalsOf(signals) {
  const sorted = Object.entries(signals).sort(([, one], [, other]) => other - one);
  const rows = sorted.flatMap(([name, value]) => [
    el("dt", {}, words(name)),
    el("dd", { className: "bar-cell", attributes: { "aria-hidden": "true" } }, bar(value)),
    el("dd", { className: "number" }, value.toFixed(2)),
  ]);
  return part("Signals", el("dl", { className: "signals" }, ...rows));
}

function factsOf(stored) {
  const { decision, received } = stored;
  const paid = RECEIVED.filter(([name]) => received?.[name]).map(([name, label]) => [label, String(received[name])]);
  const source = stored.position.source < 0 ? `call ${stored.position.offset}` : `partition ${stored.position.source}, offset ${stored.position.offset}`;
  const decided = [
    ["Probability", percent(decision.probability)],
    ["Decided by", words(decision.decided_by)],
    ["Model", decision.model_version],
    ["Policy", decision.policy_version],
    ["Exactness", decision.flags.length ? decision.flags.map(words).join(", ") : "exact"],
    ...(decision.degraded ? [["Degraded, without", decision.missing.join(", ")]] : []),
    ["Log position", source],
    ["Transaction", stored.transaction_id],
  ];
  return [part("Payment", facts(paid)), part("Decision", facts(decided)), featuresOf(decision.features)];
}

function featuresOf(features) {
  const known = Object.entries(features).slice(0, DRAWN_FEATURES_MAX);
  const table = facts(known.map(([name, value]) => [name, number(value)]));
  table.classList.add("mono");
  return part(null, el("details", {}, el("summary", {}, `All ${known.length} features that the model saw`), table));
}

function facts(pairs) {
  const rows = pairs.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)]);
  return el("dl", { className: "facts" }, ...rows);
}

function part(heading, ...children) {
  return el("section", { className: "detail-part" }, heading ? el("h3", {}, heading) : null, ...children);
}
