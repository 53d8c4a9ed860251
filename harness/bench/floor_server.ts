/**
 * The least that can answer ZITADEL's call: it verifies the signature, parses
 * the payload and looks roles up in a constant map. No checks, errors, log or
 * cache.
 *
 * @module
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const headers = { "content-type": "application/json" };

const rolePermissions = new Map<string, string[]>(
  Object.entries(JSON.parse(Deno.env.get("ROLE_PERMISSIONS")!)),
);
const key = await crypto.subtle.importKey(
  "raw",
  encoder.encode(Deno.env.get("AUTHORIZATION_SIGNING_KEY")),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => {},
}, async (request) => {
  const [time, signature] = request.headers.get("zitadel-signature")!
    .split(",");
  const prefix = encoder.encode(`${time!.slice("t=".length)}.`);
  const body = await request.bytes();
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  const isSigned = await crypto.subtle.verify(
    "HMAC",
    key,
    Uint8Array.fromHex(signature!.slice("v1=".length)),
    message,
  );
  if (!isSigned) return new Response(null, { status: 401 });
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
