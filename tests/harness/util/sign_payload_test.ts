import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
import { parseSignatureHeader } from "../../../lib/request/signature.ts";

Deno.test("signPayload() makes the header that ZITADEL made of the same call", async () => {
  const { request, signing_key } = await readFixture(
    new URL("calls/human_unicode_role.json", FIXTURES_URL),
  );
  const recorded = request.headers["zitadel-signature"];
  const { timestamp } = parseSignatureHeader(recorded!)!;
  for (const body of [request.body, new TextEncoder().encode(request.body)]) {
    assert.equal(signPayload(signing_key, timestamp, body), recorded);
  }
});
