// Asks the browser for a passkey and sends its answer with the form.
"use strict";
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const form = document.getElementById("passkey");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    options[list] = (options[list] || []).map((one) => ({ ...one, id: bytes(one.id) }));
  }
  if (options.user) options.user.id = bytes(options.user.id);
  try {
    const got = await navigator.credentials[options.user ? "create" : "get"]({ publicKey: options });
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const response = {};
    for (const part of parts) if (got.response[part]) response[part] = text(got.response[part]);
    const credential = { id: got.id, rawId: text(got.rawId), type: got.type, response };
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    document.getElementById("passkey-failed").hidden = false;
  }
});
