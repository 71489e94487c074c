// The work on an alert: its case, who holds it, what was decided, and deciding it.

import { el } from "./dom.js";
import { count, when, words } from "./format.js";
import * as gateway from "./gateway.js";

const REASON_MAX = 2_000; // characters, as the gateway takes them
const VERDICTS = [
  ["confirmed_fraud", "Fraud", "danger"],
  ["legitimate", "Legitimate", "safe"],
  ["inconclusive", "Inconclusive", ""],
];

export const verdictName = (verdict) => VERDICTS.find(([name]) => name === verdict)?.[1] ?? words(verdict);

/** The part of the detail in which an analyst works. `onChanged(alerts)` gets the case's alerts after every change. */
export class CaseWork {
  element = el("section", { className: "detail-part case", attributes: { "aria-label": "Case" } });
  #alertId;
  #onChanged;
  #found;

  constructor(alertId, found, onChanged) {
    this.#alertId = alertId;
    this.#onChanged = onChanged;
    this.#draw(found);
  }

  #draw(found, problem = "") {
    this.#found = found;
    const standing = found.decisions.find((decision) => decision.undone_at_ms === null);
    this.element.replaceChildren(
      el("h3", {}, "Case"),
      this.#stateLine(found.case),
      standing ? this.#decided(standing) : this.#form(),
      el("p", { className: "error", role: "alert" }, problem),
      this.#notes(found.notes),
    );
  }

  #stateLine(one) {
    const alerts = one.alert_count === 1 ? "the only alert of this case" : `one of ${count(one.alert_count)} alerts of this case`;
    const holder = one.assignee ? `, held by ${one.assignee}` : "";
    return el("p", { className: "under" }, el("span", { className: "state" }, words(one.status.toLowerCase())), ` ${alerts}${holder}`);
  }

  #form() {
    const reason = el("textarea", { rows: 2, maxLength: REASON_MAX, required: true, placeholder: "Why? It is kept with the decision.", attributes: { "aria-label": "Reason" } });
    const buttons = VERDICTS.map(([verdict, label, tone]) => el("button", { type: "submit", className: `button ${tone}`, value: verdict }, label));
    const form = el("form", { className: "decide" }, reason, el("div", { className: "row" }, ...buttons, this.#claimButton()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const verdict = event.submitter?.value;
      if (verdict) this.#act(form, () => gateway.decide(this.#found.case.case_id, verdict, reason.value));
    });
    return form;
  }

  #claimButton() {
    const held = this.#found.case.assignee !== null;
    const button = el("button", { type: "button", className: "button quiet" }, held ? "Release" : "Claim");
    button.addEventListener("click", () => this.#act(button.form, () => (held ? gateway.release : gateway.claim)(this.#alertId)));
    return button;
  }

  #decided(decision) {
    const children = [
      el("p", {}, el("b", {}, verdictName(decision.verdict)), ` · ${decision.actor}, ${when(decision.decided_at_ms)}`),
      el("p", { className: "note" }, decision.reason),
    ];
    if (decision.undo_until_ms > Date.now()) {
      const undo = el("button", { type: "button", className: "button quiet" }, "Undo");
      const subject = decision.alert_id ?? decision.case_id;
      undo.addEventListener("click", () => this.#act(undo, () => gateway.undoDecision(subject)));
      children.push(undo);
    }
    return el("div", { className: "decided" }, ...children);
  }

  #notes(notes) {
    const text = el("input", { type: "text", maxLength: REASON_MAX, required: true, placeholder: "Write a note", attributes: { "aria-label": "Note" } });
    const form = el("form", { className: "field" }, text, el("button", { type: "submit", className: "button" }, "Add"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#act(form, () => gateway.writeNote(this.#alertId, text.value));
    });
    const rows = notes.map((note) => el("li", {}, el("p", {}, note.text), el("p", { className: "note" }, `${note.actor}, ${when(note.written_at_ms)}`)));
    return el("div", { className: "notes" }, el("ol", {}, ...rows), form);
  }

  /** Do it, then show what the gateway says is so now: somebody else may have been at it, too. */
  async #act(control, work) {
    for (const button of control.querySelectorAll?.("button") ?? [control]) button.disabled = true;
    let problem = "";
    try {
      await work();
    } catch (error) {
      problem = error.message;
    }
    try {
      this.#draw(await gateway.investigation(this.#alertId), problem);
      this.#onChanged(this.#found.alerts);
    } catch (error) {
      this.#draw(this.#found, problem || error.message);
    }
  }
}
