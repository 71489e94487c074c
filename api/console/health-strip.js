// The strip above the list: how the stream is doing.

import { byId, setText } from "./dom.js";
import { count, rate } from "./format.js";
import { GatewayError, streamHealth } from "./gateway.js";

const EVERY_MS = 2_000;
const LAG_WARN = 5_000; // messages; a worker clears this in about a second, so a standing lag is worth a look
const LATENCY_WARN_MS = 1_000;

export class HealthStrip {
  #chart;
  #onSignedOut;
  #timer = 0;

  constructor(chart, onSignedOut) {
    this.#chart = chart;
    this.#onSignedOut = onSignedOut;
  }

  start() {
    this.stop();
    this.#timer = setInterval(() => this.#refresh(), EVERY_MS);
    this.#refresh();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  async #refresh() {
    if (document.hidden) return;
    this.#chart.draw();
    setText(byId("alert-rate"), count(this.#chart.lastMinute));
    try {
      this.#show(await streamHealth());
    } catch (error) {
      if (!this.#timer) return;
      if (error instanceof GatewayError && error.status === 401) this.#onSignedOut();
      else this.#note(`The stream's health is not known: ${error.message}`);
    }
  }

  #show({ totals, workers }) {
    setText(byId("rate"), rate(totals.per_second));
    setText(byId("lag"), count(totals.lag));
    setText(byId("latency"), totals.latency_ms_p99 === null ? "–" : rate(totals.latency_ms_p99));
    setText(byId("workers"), count(totals.workers));
    setText(byId("workers-note"), totals.workers === 0 ? "none reporting" : workers.length === 1 ? workers[0].state : "reporting");
    level("lag", totals.lag > LAG_WARN);
    level("latency", totals.latency_ms_p99 > LATENCY_WARN_MS);
    level("workers", totals.workers === 0);
    this.#note(totals.workers === 0 ? "No worker is reporting: payments wait in Kafka until one starts (riskstream worker)." : "");
  }

  #note(text) {
    byId("health-note").hidden = text === "";
    setText(byId("health-note"), text);
  }
}

function level(id, warn) {
  byId(id).closest(".tile").dataset.level = warn ? "warn" : "ok";
}
