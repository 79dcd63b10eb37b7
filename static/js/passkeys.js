/* Passkeys: the browser makes one or proves that it has one, and the form takes along what it says. */
"use strict";

const fromText = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const withIds = (list) => (list ?? []).map((known) => ({ ...known, id: fromText(known.id) }));

async function make({ publicKey }) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: fromText(publicKey.challenge),
      user: { ...publicKey.user, id: fromText(publicKey.user.id) },
      excludeCredentials: withIds(publicKey.excludeCredentials),
    },
  });
  return {
    ...described(made),
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function prove({ publicKey }) {
  const proof = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: fromText(publicKey.challenge),
      allowCredentials: withIds(publicKey.allowCredentials),
    },
  });
  const { userHandle } = proof.response;
  return {
    ...described(proof),
    response: {
      clientDataJSON: toText(proof.response.clientDataJSON),
      authenticatorData: toText(proof.response.authenticatorData),
      signature: toText(proof.response.signature),
      userHandle: userHandle ? toText(userHandle) : null,
    },
  };
}

const described = (credential) => ({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  clientExtensionResults: credential.getClientExtensionResults(),
});

async function optionsOf(form) {
  const { options, optionsFrom } = form.dataset;
  if (options) return JSON.parse(options);
  const answer = await fetch(optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("the bank did not answer");
  return (await answer.json()).request_options;
}

/* In the page's language: the place brings the words along. */
function words(place, error) {
  const { known, insecure, failed } = place.dataset;
  return { InvalidStateError: known, SecurityError: insecure }[error.name] ?? failed;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-passkey]") || form.elements.credential.value) return;
  event.preventDefault();
  const complaint = form.querySelector("[role=alert]");
  complaint.hidden = true;
  try {
    const options = await optionsOf(form);
    const credential = await (form.dataset.passkey === "create" ? make(options) : prove(options));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    complaint.textContent = words(complaint, error);
    complaint.hidden = false;
  }
});

/* Whoever comes back to a page that the browser kept begins anew. */
addEventListener("pageshow", () => document.querySelectorAll("[data-passkey]").forEach((form) => form.reset()));
