import assert from "node:assert/strict";
import {
  formatTimeLeft,
  judge,
} from "../../../harness/inspector/page/verdict.js";
import { testEach } from "../../_test_each.ts";

const NOW = 1_700_000_000_000;
const CLAIMS = {
  iss: "https://zitadel.example",
  sub: "1",
  aud: ["7", "client"],
  exp: NOW / 1000 + 60,
  client_id: "client",
  jti: "x",
};

function verdictOf(
  claims: Record<string, unknown> | undefined,
  { problem = "", claim = "filled", now = NOW, apiStatus = 200 } = {},
) {
  const session = {
    access: { raw: "", jwt: claims && { header: {}, claims }, problem },
    place: { project: "7", organization: "1" },
    projects: [{ id: "7", name: "Shop" }],
    results: [{ status: apiStatus, reason: "alg" }],
    question: { claim, audience: claims?.aud ?? [] },
  };
  const settings = { issuer: CLAIMS.iss, claim: "permissions" };
  return judge(
    session as unknown as Parameters<typeof judge>[0],
    settings as Parameters<typeof judge>[1],
    now,
  );
}

const { jti: _, ...lacking } = CLAIMS;
const is = (part: object) => ({ ...CLAIMS, ...part });

testEach(
  "judge() gives the status and the reason of the first check that fails",
  {
    "opaque": [verdictOf(undefined), 401, /opaque/],
    "signature": [verdictOf(CLAIMS, { problem: "forged" }), 401, /^forged$/],
    "issuer": [verdictOf(is({ iss: "x" })), 401, /^It is from x,/],
    "audience": [verdictOf(is({ aud: ["8"] })), 401, /not for Shop \(7\)/],
    "expiry": [verdictOf(CLAIMS, { now: NOW + 66_000 }), 401, /expired at/],
    "not yet": [
      verdictOf(is({ nbf: NOW / 1000 + 9 })),
      401,
      /not valid before/,
    ],
    "ID token": [verdictOf(is({ azp: "client" })), 401, /ID token/],
    "no jti": [verdictOf(lacking), 401, /has no jti/],
    "the API": [verdictOf(CLAIMS, { apiStatus: 401 }), 401, /API says: alg/],
    "no claim": [verdictOf(CLAIMS, { claim: "missing" }), 403, /no “perm/],
    "odd claim": [verdictOf(CLAIMS, { claim: "odd" }), 403, /another shape/],
    "within the tolerance": [
      verdictOf(CLAIMS, { now: NOW + 64_000 }),
      200,
      /^$/,
    ],
  } as Record<string, [ReturnType<typeof judge>, number, RegExp]>,
  ([verdict, status, reason]) => {
    assert.equal(verdict.status, status);
    assert.match(verdict.reason, reason);
  },
);

Deno.test("formatTimeLeft() counts down", () => {
  assert.equal(formatTimeLeft(43_199_000), "expires in 11 h 59 min");
  assert.equal(formatTimeLeft(3_600_000), "expires in 1 h 0 min");
  assert.equal(formatTimeLeft(61_000), "expires in 1 min 1 s");
  assert.equal(formatTimeLeft(400), "expires in 1 s");
  assert.equal(formatTimeLeft(0), "expired");
  assert.equal(formatTimeLeft(-1), "expired");
});
