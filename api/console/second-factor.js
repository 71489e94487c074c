// The second step of signing in, and what the browser does with a security key.

import { byId, setText } from "./dom.js";
import * as gateway from "./gateway.js";

const CODE = /^\d{6}$/;

export const hasKeys = () => typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

/** What a key makes or signs, as JSON. Throws a sentence where there is no key, or somebody changed their mind. */
async function ask(work) {
  if (!hasKeys()) throw new Error("This browser, or this address, has no security keys: they need https, or localhost.");
  try {
    return (await work()).toJSON();
  } catch (error) {
    if (error.name === "InvalidStateError") throw new Error("This security key is enrolled already.");
    if (error.name === "SecurityError") throw new Error("Security keys do not belong to this address; open the console under its own name.");
    throw new Error("The security key was not used. Try again.");
  }
}

export const createKey = (options) =>
  ask(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));

const signWithKey = (options) =>
  ask(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }));

export class SecondFactorForm {
  #challenge = "";
  #recovery = false;
  #signedIn;

  constructor(signedIn) {
    this.#signedIn = signedIn;
    byId("factor-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const code = byId("factor-code").value.trim();
      if (!this.#recovery && !CODE.test(code)) return this.#fail("The code has 6 digits.");
      return this.#finish(() => (this.#recovery ? { recovery_code: code } : { code }));
    });
    byId("use-key").addEventListener("click", () =>
      this.#finish(async () => ({ credential: await signWithKey((await gateway.keyOptions(this.#challenge)).options) })),
    );
    byId("use-recovery").addEventListener("click", () => this.#useRecovery(!this.#recovery));
    byId("factor-back").addEventListener("click", () => this.#close());
  }

  /** Ask for one of the factors that the gateway named. */
  show(problem) {
    this.#challenge = problem.challenge;
    this.factors = problem.factors;
    byId("password-form").hidden = true;
    byId("factor-form").hidden = false;
    byId("key-step").hidden = !problem.factors.includes("webauthn");
    this.#useRecovery(!problem.factors.includes("totp"));
    byId("use-recovery").hidden = !problem.factors.includes("totp");
    if (problem.factors.includes("webauthn")) byId("use-key").focus();
  }

  #useRecovery(recovery) {
    this.#recovery = recovery;
    setText(byId("factor-label"), recovery ? "Recovery code" : "Code of your authenticator app");
    setText(byId("use-recovery"), recovery ? "Use the authenticator app instead" : "Use a recovery code instead");
    setText(byId("factor-error"), "");
    byId("factor-code").value = "";
    byId("factor-code").inputMode = recovery ? "text" : "numeric";
    byId("factor-code").focus();
  }

  async #finish(given) {
    const buttons = [...byId("factor-form").querySelectorAll("button")];
    setText(byId("factor-error"), "");
    for (const button of buttons) button.disabled = true;
    try {
      await gateway.finishSignIn(this.#challenge, await given());
      this.#close();
      await this.#signedIn();
    } catch (error) {
      if (error.status === 410) this.#close();
      this.#fail(error.message);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  #fail(why) {
    const closed = byId("factor-form").hidden;
    setText(byId(closed ? "password-error" : "factor-error"), why);
    byId(closed ? "email" : "factor-code").focus();
  }

  #close() {
    this.#challenge = "";
    byId("factor-form").reset();
    byId("factor-form").hidden = true;
    byId("password-form").hidden = false;
    byId("email").focus();
  }
}
