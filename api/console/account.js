// How a user signs in: second factors and recovery codes.

import { byId, el, setText } from "./dom.js";
import * as gateway from "./gateway.js";
import { createKey, hasKeys } from "./second-factor.js";

const KINDS = { totp: "Authenticator app", webauthn: "Security key" };
const CODE = /^\d{6}$/;
let pending = null; // the app that waits for its first code
let again = null; // what is tried once more after the user has said who they are

function day(moment) {
  return new Date(moment).toLocaleDateString(undefined, { dateStyle: "medium" });
}

function row(factor) {
  const used = factor.last_used_at ? `last used ${day(factor.last_used_at)}` : "not used yet";
  const remove = el("button", { type: "button", className: "button danger", attributes: { "aria-label": `Remove ${factor.name}` } }, "Remove");
  remove.addEventListener("click", () =>
    change(async () => {
      await gateway.removeFactor(factor.factor_id);
      byId("codes").hidden = true;
      return `${factor.name} was removed. Your other sessions have ended.`;
    }),
  );
  return el("li", {}, el("span", {}, `${factor.name} `, el("small", {}, `${KINDS[factor.kind]}, added ${day(factor.created_at)}, ${used}`)), remove);
}

async function load() {
  try {
    const [me, known] = await Promise.all([gateway.me(), gateway.factors()]);
    setText(byId("who"), `${me.name}, ${me.email}`);
    const some = known.factors.length > 0;
    byId("factors").replaceChildren(...known.factors.map(row));
    byId("required").hidden = !known.required;
    byId("none").hidden = some;
    byId("codes-left").hidden = byId("renew-line").hidden = !some;
    setText(byId("codes-left"), `${known.recovery_codes_left} recovery codes are left.`);
  } catch (error) {
    if (error.status === 401 || error.status === 403) location.assign("/");
    else setText(byId("error"), error.message);
  }
}

function showCodes(codes) {
  if (codes.length === 0) return;
  byId("code-list").replaceChildren(...codes.map((code) => el("li", {}, code)));
  byId("codes").hidden = false;
  byId("codes").focus();
}

/** Do a change; where the gateway wants to know once more who this is, ask, and do it then. */
async function change(work) {
  setText(byId("error"), "");
  setText(byId("status"), "");
  try {
    const done = await work();
    setText(byId("status"), done);
    await load();
  } catch (error) {
    if (gateway.isKind(error, "proof-required")) {
      again = work;
      byId("confirm").hidden = false;
      byId("proof").focus();
    } else {
      setText(byId("error"), error.message);
    }
  }
}

function onSubmit(formId, work) {
  byId(formId).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    await work();
    button.disabled = false;
  });
}

onSubmit("app-form", () =>
  change(async () => {
    const offer = await gateway.beginTotp(byId("app-name").value.trim());
    pending = offer.factor_id;
    byId("qr").src = offer.qr_code;
    setText(byId("secret"), offer.secret);
    byId("app-confirm").hidden = false;
    byId("app-code").focus();
    return "";
  }),
);

onSubmit("app-confirm", () =>
  change(async () => {
    const done = await gateway.confirmTotp(pending, byId("app-code").value.trim());
    byId("app-confirm").reset();
    byId("app-confirm").hidden = true;
    byId("qr").removeAttribute("src");
    setText(byId("secret"), "");
    showCodes(done.recovery_codes);
    return "The authenticator app is enrolled. Your other sessions have ended.";
  }),
);

onSubmit("key-form", () =>
  change(async () => {
    const begun = await gateway.beginKey();
    const done = await gateway.addKey(begun.challenge, await createKey(begun.options), byId("key-name").value.trim());
    showCodes(done.recovery_codes);
    return "The security key is enrolled. Your other sessions have ended.";
  }),
);

onSubmit("confirm-form", async () => {
  const proof = byId("proof").value;
  setText(byId("error"), "");
  try {
    await gateway.confirmWho(CODE.test(proof) ? { code: proof } : { password: proof });
  } catch (error) {
    setText(byId("error"), error.status === 401 ? "That is not right, or was used before." : error.message);
    byId("proof").focus();
    return;
  } finally {
    byId("confirm-form").reset();
  }
  byId("confirm").hidden = true;
  const work = again;
  again = null;
  if (work) await change(work);
});

byId("renew").addEventListener("click", () =>
  change(async () => {
    showCodes((await gateway.renewCodes()).recovery_codes);
    return "The earlier recovery codes work no longer.";
  }),
);

byId("sign-out").addEventListener("click", async () => {
  await gateway.signOut();
  location.assign("/");
});

byId("key-note").hidden = hasKeys();
load();
