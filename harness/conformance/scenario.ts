import type { JsonValue } from "@bufbuild/protobuf";
import { createCredential } from "../zitadel/credential.ts";
import { createScratch, type ScratchPlan } from "../zitadel/scratch_organization.ts";
import { callMethod } from "./call_method.ts";
import { readRecorded } from "./recording.ts";
import type { Release, Subject } from "./subject.ts";

/** What the recordings were made with, created on the instance. */
export type Scenario = Awaited<ReturnType<typeof createScenario>>;

interface Recording {
  readonly plan: ScratchPlan;
  /** What is called then, in order. */
  readonly steps: readonly {
    readonly path: string;
    /** The organization's name. */
    readonly organization: string;
    /** May name what it needs the ids of. */
    readonly input: JsonValue;
    /** By name: the field of the answer that is kept under it. */
    readonly keep?: Readonly<Record<string, string>>;
    /** The release that was recorded without it. */
    readonly except?: Release;
  }[];
}

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(
  { instance, release, settle }: Subject,
) {
  const { plan, steps } = await readRecorded<Recording>("scenario");
  const many = Object.fromEntries(
    Array.from({ length: 250 }, (_, index) => [
      `role-${String(index).padStart(3, "0")}`,
      `["perm:${index}"]`,
    ]),
  );
  const organizations = { ...plan.organizations, many };
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(
    await createScratch(instance, { ...plan, organizations }),
  );
  const { id, ids } = scratch;
  ids.set("suffix", scratch.suffix);
  const withIds = (text: string) =>
    text.replaceAll(/<([^<>]+)>/g, (_, name) => id(name));
  for (const { path, keep = {}, except, ...step } of steps) {
    if (except === release) continue;
    const organization = id(`organization ${step.organization}`);
    const input = JSON.parse(withIds(JSON.stringify(step.input)));
    const answer = await callMethod(instance, { path, organization, input });
    for (const [name, field] of Object.entries(keep)) {
      ids.set(name, String(answer[field]));
    }
  }
  const { value: machineKey } = await createCredential(instance, {
    organization: id("organization acme"),
    user: id("user ci-runner"),
  }, { kind: "key", days: 1 });
  await settle();
  const clientOf = (name: string) => (
    { clientId: id(`client ${name}`), clientSecret: id(`secret ${name}`) }
  );
  const created = stack.move();
  return {
    ...scratch,
    /** A service account's JSON key of the user `ci-runner`. */
    machineKey,
    /** The client that may exchange tokens. */
    exchange: clientOf("exchange"),
    /** The client that may introspect tokens. */
    api: clientOf("api"),
    /** Replaces names such as `<user alice>` by ids. */
    withIds,
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
