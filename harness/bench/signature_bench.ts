import login from "../../fixtures/calls/human_login.json" with { type: "json" };
import {
  findSigningKey,
  importSigningKeys,
  parseSignatureHeader,
} from "../../lib/request/signature.ts";

const header = login.request.headers["zitadel-signature"];
const body = new TextEncoder().encode(login.request.body);
const signature = parseSignatureHeader(header)!;
const [key, other] = await importSigningKeys([
  login.signing_key,
  "the key that is on its way out",
]);

Deno.bench("parseSignatureHeader()", { group: "signature" }, () => {
  parseSignatureHeader(header);
});

Deno.bench("findSigningKey() with one key", {
  group: "signature",
  baseline: true,
}, async () => {
  await findSigningKey([key!], signature, body);
});

Deno.bench("findSigningKey() with the second of two keys", {
  group: "signature",
}, async () => {
  await findSigningKey([other!, key!], signature, body);
});
