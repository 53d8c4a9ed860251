import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { networkCauseOf } from "../../../harness/zitadel/network_cause.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import { serve } from "../_serve.ts";

/** An error as Deno 2.9.6 throws it: the cause holds the text. */
function fetchError(text: string): TypeError {
  return new TypeError("fetch failed", {
    cause: new Error(
      `error sending request for url (https://zitadel.example/): client error (Connect): ${text}`,
    ),
  });
}

const CAUSES: Record<string, RegExp> = {
  "invalid peer certificate: UnknownIssuer":
    /not trusted here .*DENO_CERT .*DENO_TLS_CA_STORE=system/,
  "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))":
    /not trusted here/,
  "invalid peer certificate: certificate expired: verification time 1795628590 (UNIX)":
    /not valid/,
  'invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for DnsName("localhost")':
    /not valid .*issued for the host/,
  "received corrupt message of type InvalidContentType":
    /speaks http, not https .*http:\/\//,
  "invalid HTTP version parsed": /does not speak http .*https:\/\//,
  "dns error: failed to lookup address information: Name or service not known":
    /cannot be resolved .*DNS/,
  "the answer is 400 text/plain, which expects https":
    /expects https.* https:\/\//,
};

Deno.test("networkCauseOf() names the cause of a request without an answer", () => {
  for (const [text, expected] of Object.entries(CAUSES)) {
    const error = new FunctionError("upstream_failed", "Cannot reach it", {
      cause: fetchError(text),
    });
    const { seen, fix } = networkCauseOf(error)!;
    assert.match(`${seen} ${fix}`, expected);
  }
  const refused = "tcp connect error: Connection refused (os error 111)";
  assert.equal(networkCauseOf(fetchError(refused)), undefined);
});

Deno.test("attempt() names a server that speaks http at an https address", async () => {
  await using server = serve(() => new Response());
  const origin = server.origin.replace("http:", "https:");
  await assert.rejects(
    listOrganizations(connect(origin, "token")),
    /cannot be reached \(.*\): it speaks http, not https; write http:\/\//,
  );
});
