// What is known around an alert: the account's norm and payments, who shares its device, address or merchant.

import { el } from "./dom.js";
import { count, masked, money, score, title, when, words } from "./format.js";

const RECENT_SHOWN = 12;
const TIMELINE_SHOWN = 40;

/** Sections for the detail, from `GET /v1/investigations/{id}`. */
export function aroundOf(found) {
  return [normOf(found.norm), recentOf(found), sharedOf(found.shared), earlierOf(found.earlier_cases), timelineOf(found.timeline)].filter(Boolean);
}

function normOf(norm) {
  if (norm.payments === 0) return part("This account's usual", el("p", { className: "note" }, "It has no earlier payments without an alert."));
  const amounts = norm.amounts.map((one) => [
    `${count(one.payments)} payments`,
    `usually ${money(one.median, one.currency ?? "")}, at most ${money(one.largest, one.currency ?? "")}`,
  ]);
  const common = [["Places", norm.places], ["Devices", norm.devices], ["Merchants", norm.merchants]]
    .filter(([, values]) => values.length > 0)
    .map(([label, values]) => [label, values.slice(0, 3).map((one) => `${one.value} (${count(one.payments)})`).join(", ")]);
  return part("This account's usual", facts([...amounts, ...common]), hoursOf(norm));
}

function hoursOf(norm) {
  const most = Math.max(...norm.hours, 1);
  const bars = norm.hours.map((payments, hour) => {
    const bar = el("i", { title: `${hour} h: ${count(payments)}` });
    bar.style.height = `${(payments / most) * 100}%`;
    return bar;
  });
  const label = `Payments by hour of the day, ${norm.time_zone}; most at ${norm.hours.indexOf(most)} h`;
  return el("div", { className: "hours", attributes: { role: "img", "aria-label": label } }, ...bars);
}

function recentOf(found) {
  const ours = new Set(found.alerts.map((alert) => alert.transaction_id));
  const rows = found.recent_transactions.slice(0, RECENT_SHOWN).map((one) =>
    el(
      "tr",
      { className: ours.has(one.transaction_id) ? "ours" : "" },
      el("td", {}, when(one.event_time_ms)),
      el("td", { className: "number" }, money(one.amount, one.currency ?? "")),
      el("td", {}, one.merchant_id ?? one.beneficiary_id ?? one.place ?? "–"),
      el("td", { className: "number" }, one.risk_score === null ? "–" : score(one.risk_score)),
    ),
  );
  const head = ["Time", "Amount", "To", "Score"].map((name) => el("th", { scope: "col" }, name));
  return part("Its latest payments", el("div", { className: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))));
}

function sharedOf(shared) {
  if (shared.length === 0) return null;
  const rows = shared.map((one) => {
    const others = one.others.slice(0, 3).map((each) => `${masked(each.account)} ${money(each.amount, each.currency ?? "")}`);
    const text = `${count(one.accounts)} accounts, ${count(one.transactions)} payments, ${count(one.alerts)} alerts${others.length ? `; lately ${others.join(", ")}` : ""}`;
    return [`${words(one.entity)} ${one.value}`, text];
  });
  return part("Who else", facts(rows));
}

function earlierOf(cases) {
  if (cases.length === 0) return null;
  const rows = cases.map((one) => [when(one.first_event_time_ms), `${title(one.severity)}, ${count(one.alert_count)} alerts, ${words((one.verdict ?? one.status).toLowerCase())}`]);
  return part("Earlier cases of this account", facts(rows));
}

function timelineOf(events) {
  const rows = events.slice(-TIMELINE_SHOWN).map((event) => [when(event.at_ms), `${event.text}${event.actor ? ` (${event.actor})` : ""}`]);
  return part(null, el("details", {}, el("summary", {}, `Timeline, ${count(events.length)} entries`), facts(rows)));
}

function facts(pairs) {
  return el("dl", { className: "facts" }, ...pairs.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)]));
}

function part(heading, ...children) {
  return el("section", { className: "detail-part" }, heading ? el("h3", {}, heading) : null, ...children);
}
