import assert from "node:assert/strict";
import { networkFault } from "../../../lib/zitadel/network_error.ts";
import { hasKind } from "./_fault.ts";

const HTTPS = { baseUrl: "https://zitadel.example:8443" };
const HTTP = { baseUrl: "http://zitadel.example:8443" };

/** An error as Deno 2.9.6 throws it: the cause holds the text. */
function fetchError(text: string): TypeError {
  return new TypeError("fetch failed", {
    cause: new Error(
      `error sending request for url (https://canary/): client error (Connect): ${text}`,
    ),
  });
}

const CAUSES = [
  {
    text: "invalid peer certificate: UnknownIssuer",
    connection: HTTPS,
    seen: /an authority that is not trusted here$/,
    remedy: /DENO_CERT .*DENO_TLS_CA_STORE=system/,
  },
  {
    text: "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
    connection: HTTPS,
    seen: /an authority that is not trusted here$/,
    remedy: /DENO_CERT/,
  },
  {
    text:
      "invalid peer certificate: certificate expired: verification time 1795628590 (UNIX)",
    connection: HTTPS,
    seen: /a certificate that is not valid$/,
    remedy: /current and issued for the host in ZITADEL_DOMAIN/,
  },
  {
    text:
      'invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("localhost")',
    connection: HTTPS,
    seen: /a certificate that is not valid$/,
    remedy: /issued for the host/,
  },
  {
    text: "received corrupt message of type InvalidContentType",
    connection: HTTPS,
    seen: /speaks http, not https$/,
    remedy:
      /^It speaks http; write http:\/\/zitadel\.example:8443 in ZITADEL_DOMAIN$/,
  },
  {
    text: "invalid HTTP version parsed",
    connection: HTTP,
    seen: /does not speak http$/,
    remedy: /write https:\/\/zitadel\.example:8443 in ZITADEL_DOMAIN$/,
  },
  {
    text:
      "dns error: failed to lookup address information: Name or service not known",
    connection: HTTPS,
    seen: /cannot be resolved$/,
    remedy: /host name in ZITADEL_DOMAIN/,
  },
  {
    text: "tcp connect error: Connection refused (os error 111)",
    connection: HTTPS,
    seen: /cannot be reached$/,
    remedy: undefined,
  },
];

Deno.test("networkFault() names the cause of a request without an answer", async (t) => {
  for (const { text, connection, seen, remedy } of CAUSES) {
    await t.step(text, () => {
      const cause = fetchError(text);
      const fault = networkFault(cause, connection);
      hasKind("unreachable", seen)(fault);
      assert.equal(fault.cause, cause);
      assert.doesNotMatch(fault.message + fault.details.remedy, /canary/);
      if (remedy) assert.match(fault.details.remedy!, remedy);
      else assert.equal(fault.details.remedy, undefined);
    });
  }
});

Deno.test("networkFault() names the setting of the address that was used", () => {
  const fault = networkFault(fetchError("invalid HTTP version parsed"), {
    ...HTTP,
    instanceHost: "login.example",
  });
  assert.match(fault.details.remedy!, /in ZITADEL_INTERNAL_URL$/);
});

Deno.test("networkFault() recognizes a server that speaks http at an https address", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(),
  );
  const baseUrl = `https://127.0.0.1:${server.addr.port}`;
  const error = await fetch(baseUrl).then(() => {}, (error) => error);
  await server.shutdown();
  hasKind("unreachable", /speaks http/)(networkFault(error, { baseUrl }));
});
