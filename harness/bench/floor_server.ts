/**
 * The least that can answer ZITADEL's call: it verifies the signature by a
 * synchronous HMAC, parses the payload and looks roles up in a constant map. No
 * checks, errors, log or cache.
 *
 * @module
 */
import { createHMAC, createSHA256 } from "hash-wasm";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const headers = { "content-type": "application/json" };

const rolePermissions = new Map<string, string[]>(
  Object.entries(JSON.parse(Deno.env.get("ROLE_PERMISSIONS")!)),
);
const hmac = await createHMAC(
  createSHA256(),
  encoder.encode(Deno.env.get("AUTHORIZATION_SIGNING_KEY")),
);
const message = new Uint8Array(1_000_000);

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => {},
}, async (request) => {
  const [time, signature] = request.headers.get("zitadel-signature")!
    .split(",");
  const body = await request.bytes();
  const prefix = `${time!.slice("t=".length)}.`;
  const { written } = encoder.encodeInto(prefix, message);
  message.set(body, written);
  const end = written + body.length;
  const expected = hmac.init().update(message.subarray(0, end)).digest();
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= expected.charCodeAt(i) ^
      signature!.charCodeAt("v1=".length + i);
  }
  if (difference !== 0) return new Response(null, { status: 401 });
  const permissions = new Set<string>();
  for (const { roles } of JSON.parse(decoder.decode(body)).user_grants) {
    for (const role of roles) {
      for (const permission of rolePermissions.get(role) ?? []) {
        permissions.add(permission);
      }
    }
  }
  const claim = { key: "permissions", value: [...permissions] };
  return new Response(JSON.stringify({ append_claims: [claim] }), { headers });
});
