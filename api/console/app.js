// The console: signs in, shows what is stored, then keeps up with the feed.

import { AlertList, ROWS_MAX } from "./alert-list.js";
import { Detail } from "./detail.js";
import { byId, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { money, score, title } from "./format.js";
import * as gateway from "./gateway.js";
import { HealthStrip } from "./health-strip.js";
import { SecondFactorForm } from "./second-factor.js";
import { AlertsAMinute } from "./sparkline.js";

const HISTORY_PAGES_MAX = 5; // of the first minutes' chart; 1,000 alerts
const ANNOUNCE_EVERY_MS = 6_000; // a screen reader must not be talked over
const DEMO_CLIENT = 1; // that `riskstream simulate` publishes for
const RETRY_MS = 3_000; // the first load, while the gateway is away

const chart = new AlertsAMinute(byId("sparkline"));
const strip = new HealthStrip(chart, () => showSignedOut("Your session is over."));
const pauseButton = byId("pause");
const detail = new Detail(
  (alertId) => {
    list.mark(null);
    list.focus(alertId);
  },
  (alerts) => list.worked(alerts),
);
const list = new AlertList(choose, (waiting) => setText(pauseButton, `Resume (${waiting} new)`));
let feed = null;
let unannounced = [];

function choose(alert) {
  list.mark(alert.alert_id);
  detail.show(alert);
}

function setConnection(state, text) {
  byId("connection").dataset.state = state;
  setText(byId("connection-text"), text);
}

function announce() {
  if (unannounced.length === 0) return;
  const newest = unannounced.at(-1);
  const opening = unannounced.length === 1 ? "New alert" : `${unannounced.length} new alerts, the newest`;
  setText(byId("announcer"), `${opening}: ${title(newest.severity)}, score ${score(newest.risk_score)}, ${money(newest.amount, newest.currency)}`);
  unannounced = [];
}

/** Every stored alert that the page needs: the list's rows, and the chart's minutes. Returns the newest number. */
async function loadHistory() {
  let page = await gateway.alerts(ROWS_MAX);
  const newest = page.items;
  chart.clear();
  for (let pages = 1; ; pages += 1) {
    for (const alert of page.items) chart.count(alert.created_at_ms);
    const oldest = page.items.at(-1);
    if (!page.next_cursor || pages >= HISTORY_PAGES_MAX || oldest.created_at_ms < AlertsAMinute.sinceMs()) break;
    page = await gateway.alerts(ROWS_MAX, page.next_cursor);
  }
  list.replace(newest);
  return newest[0]?.sequence ?? 0;
}

async function start() {
  setConnection("connecting", "Connecting…");
  try {
    const session = await gateway.whoAmI();
    const last = await loadHistory();
    showConsole(session);
    openFeed(last);
  } catch (error) {
    if (error instanceof gateway.GatewayError && error.status === 401) {
      showSignedOut();
    } else if (gateway.isKind(error, "enrolment-required")) {
      location.assign("/account");
    } else {
      setConnection("reconnecting", "Gateway away, trying again…");
      setTimeout(start, RETRY_MS);
    }
  }
}

function openFeed(last) {
  feed = new Feed(last, {
    onAlert(alert) {
      list.add(alert);
      chart.count(alert.created_at_ms);
      unannounced.push(alert);
    },
    onState(state, seconds) {
      setConnection(state, state === "live" ? "Live" : `Reconnecting in ${seconds} s…`);
    },
    onReset: () => list.replace([]),
    onSignedOut: () => showSignedOut("Your session is over."),
  });
  feed.start();
}

function showConsole(session) {
  byId("signed-out").hidden = true;
  byId("console").hidden = byId("health").hidden = false;
  byId("client").hidden = byId("sign-out").hidden = false;
  setText(byId("client"), session.client_name);
  gateway.me().then(() => (byId("account").hidden = false), () => {}); // a link or a key signed in, and no user
  const isDemo = session.client_id === DEMO_CLIENT;
  byId("empty-demo").hidden = !isDemo;
  byId("empty-own").hidden = isDemo;
  setText(byId("empty-publish"), `riskstream publish FILE --client-id ${session.client_id}`);
  strip.start();
}

function showSignedOut(why = "") {
  feed?.stop();
  feed = null;
  strip.stop();
  for (const id of ["console", "health", "client", "account", "sign-out"]) byId(id).hidden = true;
  byId("signed-out").hidden = false;
  byId("signed-out-why").hidden = why === "";
  setText(byId("signed-out-why"), why);
  setConnection("signed-out", "Signed out");
}

pauseButton.addEventListener("click", () => {
  const paused = pauseButton.getAttribute("aria-pressed") !== "true";
  pauseButton.setAttribute("aria-pressed", String(paused));
  setText(pauseButton, paused ? "Resume" : "Pause");
  list.pause(paused);
});

byId("next").addEventListener("click", async () => {
  let note = "";
  try {
    const alert = await gateway.nextAlert();
    if (alert) {
      list.worked([alert]);
      choose(alert);
    } else {
      note = "Nothing waits: every case is closed, or somebody works on it.";
    }
  } catch (error) {
    note = error.message;
  }
  byId("list-note").hidden = note === "";
  setText(byId("list-note"), note);
});

byId("sign-out").addEventListener("click", async () => {
  const answer = await gateway.signOut();
  showSignedOut();
  if (answer?.continue_at) location.assign(answer.continue_at); // the identity provider knows this browser, too
});

/** Sign in with what a form holds; its first field gets the focus back when that fails. */
function signsIn(formId, errorId, work, refused) {
  byId(formId).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    setText(byId(errorId), "");
    button.disabled = true;
    try {
      await work();
      form.reset();
      await start();
    } catch (error) {
      if (gateway.isKind(error, "second-factor-required")) {
        form.reset();
        secondFactor.show(error.problem);
        return;
      }
      setText(byId(errorId), error.status === 401 ? refused : error.message);
      form.querySelector("input").focus();
    } finally {
      button.disabled = false;
    }
  });
}

signsIn("key-form", "key-error", () => gateway.signIn(byId("api-key").value.trim()), "This API key is not valid.");
signsIn(
  "password-form",
  "password-error",
  () => gateway.signInByPassword(byId("email").value.trim(), byId("password").value),
  "Email address and password do not belong together.",
);

const secondFactor = new SecondFactorForm(start);
setInterval(announce, ANNOUNCE_EVERY_MS);
start();
