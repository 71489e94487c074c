// Alerts a minute as a small area chart.

const MINUTES = 30;
const MINUTE_MS = 60_000;
const HEIGHT = 40;
const SVG = "http://www.w3.org/2000/svg";

export class AlertsAMinute {
  #counts = new Map(); // minute -> alerts; only the newest MINUTES are kept
  #recent = []; // times of the last minute's alerts
  #svg;

  constructor(svg) {
    this.#svg = svg;
    svg.setAttribute("viewBox", `0 0 ${MINUTES - 1} ${HEIGHT}`);
    this.#area = svg.appendChild(document.createElementNS(SVG, "path"));
    this.#area.setAttribute("class", "area");
    this.#stroke = svg.appendChild(document.createElementNS(SVG, "path"));
    this.#stroke.setAttribute("class", "stroke");
  }

  #area;
  #stroke;

  static sinceMs(nowMs = Date.now()) {
    return nowMs - MINUTES * MINUTE_MS;
  }

  count(createdAtMs) {
    const minute = Math.floor(createdAtMs / MINUTE_MS);
    this.#counts.set(minute, (this.#counts.get(minute) ?? 0) + 1);
    if (createdAtMs > Date.now() - MINUTE_MS) this.#recent.push(createdAtMs);
  }

  clear() {
    this.#counts.clear();
    this.#recent = [];
  }

  get lastMinute() {
    const since = Date.now() - MINUTE_MS;
    this.#recent = this.#recent.filter((time) => time > since);
    return this.#recent.length;
  }

  draw() {
    const newest = Math.floor(Date.now() / MINUTE_MS);
    for (const minute of this.#counts.keys()) if (minute <= newest - MINUTES) this.#counts.delete(minute);
    const counts = Array.from({ length: MINUTES }, (_, index) => this.#counts.get(newest - MINUTES + 1 + index) ?? 0);
    counts[MINUTES - 1] = this.lastMinute; // the minute that has just begun would read as a sudden fall
    const top = Math.max(...counts, 1);
    const points = counts.map((alerts, index) => `${index},${(HEIGHT - 2 - (alerts / top) * (HEIGHT - 6)).toFixed(1)}`);
    this.#stroke.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute("d", `M0,${HEIGHT}L${points.join("L")}L${MINUTES - 1},${HEIGHT}Z`);
    this.#svg.setAttribute("aria-label", `Alerts a minute over ${MINUTES} minutes, at most ${top}`);
  }
}
