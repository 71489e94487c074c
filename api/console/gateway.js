// Calls to the gateway. An error carries the problem document that came with it.

const DEADLINE_MS = 10_000;

export const isKind = (error, kind) => error.problem?.type === `urn:riskstream:problem:${kind}`;

export class GatewayError extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The gateway answered ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

async function call(method, path, body) {
  const response = await reach(path, {
    method,
    credentials: "same-origin",
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const text = await response.text();
  let parsed = null;
  try {
    parsed = text ? JSON.parse(text) : null;
  } catch {
    // something in between answered, not the gateway
  }
  if (!response.ok) throw new GatewayError(response.status, parsed);
  return parsed;
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new GatewayError(0, { detail: "the gateway cannot be reached" }); // each browser words this differently
  }
}

export const whoAmI = () => call("GET", "/v1/session");
export const signIn = (apiKey) => call("POST", "/sign-in", { api_key: apiKey });
export const signInByPassword = (email, password) => call("POST", "/sign-in", { email, password });
export const finishSignIn = (challenge, given) => call("POST", "/sign-in/second-factor", { challenge, ...given });
export const keyOptions = (challenge) => call("POST", "/auth/login/webauthn-options", { challenge });
export const me = () => call("GET", "/auth/me");
export const factors = () => call("GET", "/auth/factors");
export const confirmWho = (given) => call("POST", "/auth/confirm", given);
export const beginTotp = (name) => call("POST", "/auth/factors/totp", { name });
export const confirmTotp = (id, code) => call("POST", `/auth/factors/totp/${id}/confirm`, { code });
export const beginKey = () => call("POST", "/auth/factors/webauthn/begin");
export const addKey = (challenge, credential, name) => call("POST", "/auth/factors/webauthn", { challenge, credential, name });
export const removeFactor = (id) => call("DELETE", `/auth/factors/${id}`);
export const renewCodes = () => call("POST", "/auth/factors/recovery-codes");
export const signOut = () => call("POST", "/sign-out");
export const ticket = () => call("POST", "/v1/alerts/stream/ticket");
export const streamHealth = () => call("GET", "/v1/stream");
export const transaction = (id) => call("GET", `/v1/transactions/${encodeURIComponent(id)}`);

export const investigation = (id) => call("GET", `/v1/investigations/${id}`);
export const decide = (id, verdict, reason) => call("POST", `/v1/investigations/${id}/decision`, { verdict, reason });
export const undoDecision = (id) => call("POST", `/v1/investigations/${id}/decision/undo`);
export const writeNote = (id, text) => call("POST", `/v1/investigations/${id}/notes`, { text });
export const claim = (alertId) => call("POST", `/v1/alerts/${alertId}/claim`);
export const release = (alertId) => call("POST", `/v1/alerts/${alertId}/release`);
export const nextAlert = () => call("POST", "/v1/alerts/next");

export function alerts(limit, cursor = null) {
  const query = new URLSearchParams({ limit });
  if (cursor) query.set("cursor", cursor);
  return call("GET", `/v1/alerts?${query}`);
}
