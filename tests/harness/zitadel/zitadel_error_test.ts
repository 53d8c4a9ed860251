import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect } from "../../../harness/zitadel/client.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import {
  removeMetadata,
  setMetadata,
} from "../../../harness/zitadel/metadata.ts";
import { listOrganizations } from "../../../harness/zitadel/organization.ts";
import {
  createTarget,
  listTargets,
  updateTarget,
} from "../../../harness/zitadel/target.ts";
import {
  attempt,
  ZitadelError,
} from "../../../harness/zitadel/zitadel_error.ts";
import { startScratch } from "../_scratch.ts";

Deno.test("attempt() turns every refusal of ZITADEL into a sentence that says what to do", async (t) => {
  await using scene = await startScratch();
  const { sandbox, instance: admin, scratch } = scene;
  const reader = connect(sandbox.origin, scratch.reader.token);
  const stranger = connect(sandbox.origin, "nonsense");
  const nowhere = connect("http://127.0.0.1:9", "token");
  const organization = scratch.organization.id;
  const settings = {
    name: "taken",
    endpoint: "http://localhost:9/",
    timeoutSeconds: 10,
    interruptOnError: false,
  };
  const { id } = await createTarget(admin, settings);
  const function_ = "function/preaccesstoken";
  const entry = { key: "admin", value: new Uint8Array([91, 93]) };

  const refusals: [string, () => Promise<unknown>, RegExp][] = [
    [
      "a name that is taken",
      () => createTarget(admin, settings),
      /^Cannot create the target "taken": a target with that name already exists.*--name/,
    ],
    [
      "an endpoint that does not resolve",
      () =>
        createTarget(admin, {
          ...settings,
          name: "x",
          endpoint: "https://does-not-resolve.invalid/",
        }),
      /refuses the endpoint.*must resolve.*--tunnel dev/,
    ],
    [
      "a time-out that is too long, at creation",
      () =>
        createTarget(admin, { ...settings, name: "x", timeoutSeconds: 300 }),
      /from 0s to 4m30s.*--timeout/,
    ],
    [
      "a time-out that is too long, at an update",
      () => updateTarget(admin, id, { ...settings, timeoutSeconds: 300 }),
      /from 0s to 4m30s.*--timeout/,
    ],
    [
      "targets for someone without any role on the instance",
      () => listTargets(reader),
      /^Cannot list the targets: .*IAM_OWNER/,
    ],
    [
      "a target by someone without the right",
      () => createTarget(reader, { ...settings, name: "x" }),
      /^Cannot create the target "x": .*IAM_OWNER/,
    ],
    [
      "metadata by someone who may only read",
      () => setMetadata(reader, organization, [entry]),
      /^Cannot write the organization's metadata: .*ORG_OWNER/,
    ],
    [
      "a metadata key that is not there",
      () => removeMetadata(admin, organization, ["nope"]),
      /a metadata key was removed.*again/,
    ],
    [
      "a target that is not there",
      () => setExecution(admin, { condition: function_, targets: ["1"] }),
      /^Cannot bind targets to function\/preaccesstoken: the target was deleted/,
    ],
    [
      "a function that is not there",
      () => setExecution(admin, { condition: "function/nope", targets: [id] }),
      /does not know that function or event.*--also/,
    ],
    [
      "a token that is not valid",
      () => listOrganizations(stranger),
      /^Cannot list the organizations: the token is not valid here/,
    ],
    [
      "an instance that does not answer",
      () => listOrganizations(nowhere),
      /asked at http:\/\/127\.0\.0\.1:9.*(?:Check ZITADEL_DOMAIN|Try again)/,
    ],
  ];
  for (const [name, call, sentence] of refusals) {
    await t.step(name, async () => {
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof ZitadelError);
        assert.match(error.message, sentence);
        return true;
      });
    });
  }
});

Deno.test("attempt() says what to do for every gRPC code", async () => {
  for (const code of Object.values(Code)) {
    if (typeof code !== "number") continue;
    await assert.rejects(
      attempt("do it", () => Promise.reject(new ConnectError("why", code))),
      /^ZitadelError: Cannot do it: .{10,}/,
    );
  }
});

Deno.test("attempt() recognizes the missing role of releases before v4.7", () =>
  assert.rejects(
    attempt("list the targets", () =>
      Promise.reject(
        new ConnectError("membership not found (AUTHZ-cdgFk)", Code.NotFound),
      )),
    /no administrator role here.*IAM_OWNER/,
  ));

Deno.test("attempt() reports a timeout whether a deadline or a signal ended the call", async () => {
  for (const code of [Code.DeadlineExceeded, Code.Canceled]) {
    await assert.rejects(
      attempt("list", () => Promise.reject(new ConnectError("why", code))),
      /^ZitadelError: Cannot list: ZITADEL did not answer in time/,
    );
  }
});
