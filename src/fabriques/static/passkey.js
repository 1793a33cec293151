// Passkeys: asks the browser for one, then sends the form that carries its answer.
// The form says what to do (`data-passkey-form`): "sign-in", "use" or "create".

const CANCELLED = "Rien n’a été fait : la demande a été annulée ou a duré trop longtemps. Réessayez.";
const KNOWN = "Cette clé est déjà sur votre compte.";
const UNABLE = "Ce navigateur ne sait pas utiliser de clé d’accès. Choisissez un autre moyen.";
const FAILED = "La clé d’accès n’a pas pu être utilisée. Réessayez, ou choisissez un autre moyen.";

const able = Boolean(window.PublicKeyCredential && navigator.credentials);

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const keys = (list) => (list ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

function forBrowser({ publicKey }) {
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) }
  if (options.user) options.user = { ...options.user, id: bytes(options.user.id) }
  if (options.allowCredentials) options.allowCredentials = keys(options.allowCredentials);
  if (options.excludeCredentials) options.excludeCredentials = keys(options.excludeCredentials);
  return { publicKey: options }
}

function forServer(credential) {
  const response = {}
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function optionsOf(form) {
  if (form.dataset.passkeyForm !== "sign-in") {
    return JSON.parse(document.getElementById("passkey-options").textContent);
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  return (await answer.json()).request_options;
}

function why(error) {
  if (error.name === "NotAllowedError" || error.name === "AbortError") return CANCELLED;
  return error.name === "InvalidStateError" ? KNOWN : FAILED;
}

async function ask(form) {
  const options = forBrowser(await optionsOf(form));
  const create = form.dataset.passkeyForm === "create";
  return create ? navigator.credentials.create(options) : navigator.credentials.get(options);
}

for (const form of document.querySelectorAll("[data-passkey-form]")) {
  const message = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  const say = (sentence) => {
    message.textContent = sentence;
    message.hidden = !sentence;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!able) return say(UNABLE);
    button.disabled = true;
    say("");
    try {
      form.elements.credential.value = forServer(await ask(form));
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(why(error));
    }
  });
}

if (able) for (const part of document.querySelectorAll("[data-passkey]")) part.hidden = false;
