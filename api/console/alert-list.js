// The list of alerts: newest first, at most ROWS_MAX rows, whatever arrives.

import { byId, el, setText } from "./dom.js";
import { verdictName } from "./case.js";
import { ago, masked, money, score, title, when } from "./format.js";

export const ROWS_MAX = 200;
const AGES_EVERY_MS = 5_000;

export class AlertList {
  #list = byId("alert-list");
  #waiting = []; // newest last; drawn with the next frame, or kept while paused
  #frame = 0;
  #paused = false;
  #dropped = 0;
  #currentId = null;
  #onChoose;
  #onWaiting;

  /** `onChoose(alert)` when a row is chosen; `onWaiting(number)` when alerts are held back while paused. */
  constructor(onChoose, onWaiting) {
    this.#onChoose = onChoose;
    this.#onWaiting = onWaiting;
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    setInterval(() => this.#age(), AGES_EVERY_MS);
  }

  /** Show a page of alerts, newest first, in place of what is there. */
  replace(alerts) {
    this.#waiting = [];
    this.#list.replaceChildren(...alerts.slice(0, ROWS_MAX).map((alert) => this.#row(alert, false)));
    this.#ends();
  }

  add(alert) {
    this.#waiting.push(alert);
    if (this.#waiting.length > ROWS_MAX) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (this.#paused) this.#onWaiting(this.#waiting.length + this.#dropped);
    else this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  pause(paused) {
    this.#paused = paused;
    if (!paused) this.#draw();
  }

  /** Mark the row whose detail is open. */
  mark(alertId) {
    this.#currentId = alertId;
    for (const row of this.#list.querySelectorAll(".alert")) {
      if (row.dataset.id === alertId) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** Show what became of alerts that stand in the list. */
  worked(alerts) {
    for (const alert of alerts) {
      const row = [...this.#list.querySelectorAll(".alert")].find((each) => each.dataset.id === alert.alert_id);
      if (row) showWork(row, alert);
    }
  }

  focus(alertId) {
    const row = [...this.#list.querySelectorAll(".alert")].find((each) => each.dataset.id === alertId);
    (row ?? this.#list.querySelector(".alert"))?.focus();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#dropped = 0;
    if (this.#paused || this.#waiting.length === 0) return;
    const rows = this.#waiting.reverse().map((alert) => this.#row(alert, true));
    this.#waiting = [];
    this.#list.prepend(...rows);
    while (this.#list.children.length > ROWS_MAX) this.#removeLast();
    this.#ends();
  }

  #removeLast() {
    const last = this.#list.lastElementChild;
    const hadFocus = last.contains(document.activeElement);
    last.remove();
    if (hadFocus) this.#list.lastElementChild?.querySelector(".alert")?.focus();
  }

  #row(alert, fresh) {
    const where = [alert.merchant_id, alert.location].filter(Boolean).join(" · ");
    const reason = alert.reasons[0]?.text ?? "";
    const button = el(
      "button",
      {
        type: "button",
        className: fresh ? "alert fresh" : "alert",
        attributes: { "data-id": alert.alert_id, "data-severity": alert.severity },
      },
      el("span", { className: "score" }, el("span", { className: "visually-hidden" }, "Score "), score(alert.risk_score)),
      el(
        "span",
        { className: "headline" },
        el("span", { className: "amount" }, money(alert.amount, alert.currency)),
        el("span", { className: "where" }, `${masked(alert.account)}${where ? ` · ${where}` : ""}`),
      ),
      el("span", { className: "reason" }, reason),
      el(
        "span",
        { className: "side" },
        el("span", { className: "chip" }, title(alert.severity)),
        el("span", { className: "worked", hidden: true }),
        el("time", { className: "time", title: when(alert.created_at_ms), dateTime: new Date(alert.created_at_ms).toISOString() }, ago(alert.created_at_ms)),
      ),
    );
    showWork(button, alert);
    if (alert.alert_id === this.#currentId) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => this.#onChoose(alert));
    return el("li", {}, button);
  }

  #move(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const row = step && event.target.closest("li")?.[step];
    if (!row) return;
    event.preventDefault();
    row.querySelector(".alert").focus();
  }

  #age() {
    const now = Date.now();
    for (const time of this.#list.querySelectorAll("time")) setText(time, ago(Date.parse(time.dateTime), now));
  }

  #ends() {
    const rows = this.#list.children.length;
    byId("empty").hidden = rows > 0;
    const end = byId("list-end");
    end.hidden = rows < ROWS_MAX;
    setText(end, `The newest ${ROWS_MAX} alerts are shown. All of them: GET /v1/alerts`);
  }
}

function showWork(row, alert) {
  const text = alert.verdict ? verdictName(alert.verdict) : alert.assignee ? "Claimed" : "";
  const mark = row.querySelector(".worked");
  mark.hidden = text === "";
  setText(mark, text);
  row.classList.toggle("closed", ["RESOLVED", "DISMISSED"].includes(alert.status));
}
