// The live feed: one WebSocket at a time, reopened with the last number that arrived, so that nothing is missed.

import { GatewayError, ticket } from "./gateway.js";

const SILENCE_MS = 40_000; // heartbeats come every 15 s; after this the connection is dead without saying so
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;
const NOT_AUTHENTICATED = 4401;

/** Calls `onAlert(alert)`, `onState(state, retryInSeconds)`, `onReset()` and `onSignedOut()`. */
export class Feed {
  #last;
  #handlers;
  #socket = null;
  #retryMs = RETRY_MS_MIN;
  #retryTimer = 0;
  #silenceTimer = 0;
  #stopped = false;

  constructor(last, handlers) {
    this.#last = last;
    this.#handlers = handlers;
    window.addEventListener("online", () => this.#soon());
    window.addEventListener("offline", () => this.#lose(this.#socket));
    document.addEventListener("visibilitychange", () => document.hidden || this.#soon());
  }

  start() {
    this.#open();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    this.#socket?.close(1000);
  }

  async #open() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    let issued;
    try {
      issued = await ticket();
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) this.#signedOut();
      else this.#retry();
      return;
    }
    if (this.#stopped) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/v1/alerts/stream`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ type: "hello", ticket: issued.ticket, resume_from: this.#last }));
    });
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
    this.#listenForSilence(socket);
  }

  #receive(message) {
    this.#listenForSilence(this.#socket);
    if (message.type === "ready") this.#ready(message.seq);
    if (message.type !== "alert" || message.seq <= this.#last) return;
    this.#last = message.seq;
    this.#handlers.onAlert(message.alert);
  }

  #ready(sequence) {
    this.#retryMs = RETRY_MS_MIN;
    if (sequence < this.#last) {
      this.#last = sequence; // the gateway counts from an earlier number: its data was reset
      this.#handlers.onReset();
    }
    this.#handlers.onState("live");
  }

  #closed(socket, code) {
    if (socket !== this.#socket || this.#stopped) return;
    clearTimeout(this.#silenceTimer);
    this.#socket = null;
    if (code === NOT_AUTHENTICATED) this.#signedOut();
    else this.#retry();
  }

  #retry() {
    if (this.#stopped) return;
    const waitMs = this.#retryMs * (0.75 + Math.random() / 2); // many pages must not come back in one moment
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    this.#handlers.onState("reconnecting", Math.ceil(waitMs / 1000));
    this.#retryTimer = setTimeout(() => this.#open(), waitMs);
  }

  #soon() {
    if (this.#retryTimer && !this.#stopped) this.#open();
  }

  #signedOut() {
    this.stop();
    this.#handlers.onSignedOut();
  }

  #listenForSilence(socket) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#lose(socket), SILENCE_MS);
  }

  /** Give a connection up that is dead without saying so: its close event may come much later, or never. */
  #lose(socket) {
    if (!socket || socket !== this.#socket || this.#stopped) return;
    this.#socket = null;
    clearTimeout(this.#silenceTimer);
    socket.close();
    this.#retry();
  }
}
