import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { connect } from "../../../harness/zitadel/client.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import {
  attempt,
  ZitadelError,
} from "../../../harness/zitadel/zitadel_error.ts";

const refusals = new URL("recorded/behaviour/refusals.json", FIXTURES_URL);
const { releases } = JSON.parse(await Deno.readTextFile(refusals)) as {
  releases: Record<string, Record<string, Record<string, string>>>;
};

/** By method and caller: what to do about the recorded refusal. */
const ADVICE: readonly (readonly [method: string, who: string, RegExp])[] = [
  [
    "CreateTarget, a name that is taken",
    "IAM_OWNER",
    /a target with that name already exists.*--name/,
  ],
  [
    "CreateTarget, a host that does not resolve",
    "IAM_OWNER",
    /refuses the endpoint.*must resolve.*--tunnel dev/,
  ],
  [
    "CreateTarget, a time-out that is too long",
    "IAM_OWNER",
    /from 0s to 4m30s.*--timeout/,
  ],
  [
    "UpdateTarget, a time-out that is too long",
    "IAM_OWNER",
    /from 0s to 4m30s.*--timeout/,
  ],
  ["GetTarget, of none", "IAM_OWNER", /the target was deleted.*again/],
  [
    "SetExecution, an unknown target",
    "IAM_OWNER",
    /the target was deleted.*again/,
  ],
  [
    "SetExecution, an unknown function",
    "IAM_OWNER",
    /does not know that function or event.*--also/,
  ],
  ["ListTargets", "no role", /no administrator role here.*IAM_OWNER/],
  ["CreateTarget", "ORG_OWNER", /lacks the right.*IAM_OWNER/],
  ["BulkSetOrgMetadata", "ORG_OWNER_VIEWER", /lacks the right.*ORG_OWNER/],
  ["BulkRemoveOrgMetadata", "ORG_OWNER", /metadata key was removed.*again/],
  ["ListProjects", "invalid token", /the token is not valid here/],
];

for (const [release, methods] of Object.entries(releases)) {
  Deno.test(`attempt() says what to do about each recorded refusal of ${release}`, async () => {
    for (const [method, who, advice] of ADVICE) {
      const recorded = methods[method]?.[who];
      // Releases before v4.13 look up no host when a target is created.
      if (recorded === undefined) continue;
      const [, code, text] = /^(\w+): (.*)$/.exec(recorded)!;
      const error = new ConnectError(text!, Code[code as keyof typeof Code]);
      const failing = attempt("do it", () => Promise.reject(error));
      await assert.rejects(failing, (error) => {
        assert.ok(error instanceof ZitadelError);
        assert.match(error.message, /^Cannot do it: /);
        assert.match(error.message, advice);
        return true;
      });
    }
  });
}

Deno.test("attempt() says what to do for every gRPC code", async () => {
  for (const code of Object.values(Code)) {
    if (typeof code !== "number") continue;
    // A client reports a signal that timed out as canceled.
    const isTimeout = code === Code.DeadlineExceeded || code === Code.Canceled;
    await assert.rejects(
      attempt("do it", () => Promise.reject(new ConnectError("why", code))),
      isTimeout
        ? /^ZitadelError: Cannot do it: ZITADEL did not answer in time/
        : /^ZitadelError: Cannot do it: .{10,}/,
    );
  }
});

Deno.test("connect() names the instance that does not answer", () =>
  assert.rejects(
    listOrganizations(connect("http://127.0.0.1:9", "token")),
    /^ZitadelError: Cannot list the organizations: .*asked at http:\/\/127\.0\.0\.1:9.*(?:Check ZITADEL_DOMAIN|Try again)/,
  ));
