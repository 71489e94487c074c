// How numbers, times and names read.

const ACCOUNT_SHOWN = 4; // characters of an account in the list; the detail shows all of it
const UNITS = [["s", 60], ["min", 60], ["h", 24], ["d", Infinity]];
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const currencies = new Map();

/** An amount with its currency; a code that the browser does not know stands in front as it is. */
export function money(amount, currency) {
  if (!currencies.has(currency)) {
    try {
      currencies.set(currency, new Intl.NumberFormat(undefined, { style: "currency", currency }));
    } catch {
      currencies.set(currency, null);
    }
  }
  return currencies.get(currency)?.format(amount) ?? `${currency} ${oneDecimal.format(amount)}`;
}

export const count = (number) => plain.format(number);
export const number = (value) => (value === null || value === undefined ? "missing" : precise.format(value));
export const rate = (value) => (value >= 100 ? plain : oneDecimal).format(value);
export const score = (value) => String(Math.round(value));
export const percent = (share) => `${oneDecimal.format(share * 100)} %`;
export const when = (ms) => moment.format(new Date(ms));

/** "12 s ago"; a clock that is a little ahead of ours reads as now. */
export function ago(ms, nowMs = Date.now()) {
  let amount = Math.max(0, (nowMs - ms) / 1000);
  for (const [unit, size] of UNITS) {
    if (amount < size) return amount < 1 && unit === "s" ? "now" : `${Math.floor(amount)} ${unit} ago`;
    amount /= size;
  }
  return "";
}

export function masked(account) {
  return account.length <= ACCOUNT_SHOWN ? account : `•••${account.slice(-ACCOUNT_SHOWN)}`;
}

/** "amount_anomaly" -> "Amount anomaly" */
export function words(name) {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const title = (name) => name.charAt(0) + name.slice(1).toLowerCase();
