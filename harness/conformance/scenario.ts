import type { JsonValue } from "@bufbuild/protobuf";
import { createCredential } from "../zitadel/credential.ts";
import { setMetadata } from "../zitadel/metadata.ts";
import { removeOrganization } from "../zitadel/organization.ts";
import { callMethod } from "./call_method.ts";
import { readRecorded } from "./recording.ts";
import type { Release, Subject } from "./subject.ts";

/** What the recordings were made with, created on the instance. */
export type Scenario = Awaited<ReturnType<typeof createScenario>>;

/** A call; `<name>` in it stands for what an earlier answer kept under that name. */
interface Step {
  readonly path: string;
  readonly organization?: string;
  readonly input: JsonValue;
  /** Once for each: it takes the place of `<each>`. */
  readonly each?: readonly string[];
  /** By name: the field of the answer that is kept under it. */
  readonly keep?: Readonly<Record<string, string>>;
  /** The release that was recorded without it. */
  readonly except?: Release;
}

const MANY = 250;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Creates the scenario; disposing of it removes it. */
export async function createScenario(
  { instance, release, settle }: Subject,
) {
  const { steps } = await readRecorded<{ steps: readonly Step[] }>("scenario");
  /** The end of the names of organizations and users, so that runs do not collide. */
  const suffix = crypto.randomUUID().slice(0, 5);
  /** By kind and name: `organization acme`, `client storefront`. */
  const ids = new Map([
    ["suffix", suffix],
    // What ZITADEL's default policy asks for.
    ["password", `Aa1!${crypto.randomUUID()}`],
    ["tomorrow", new Date(Date.now() + DAY_MS).toISOString()],
  ]);
  const id = (name: string) => {
    const found = ids.get(name);
    if (found === undefined) throw new Error(`The scenario has no ${name}`);
    return found;
  };
  /** Replaces names such as `<user alice>` by ids. */
  const withIds = (text: string) =>
    text.replaceAll(/<([^<>]+)>/g, (_, name) => id(name));
  await using stack = new AsyncDisposableStack();
  for (const { each = [""], except, ...step } of steps) {
    for (const it of except === release ? [] : each) {
      const text = JSON.stringify(step).replaceAll("<each>", it);
      const call: Step = JSON.parse(withIds(text));
      const answer = await callMethod(instance, call);
      for (const [name, field] of Object.entries(call.keep ?? {})) {
        ids.set(name, String(answer[field]));
      }
      if (call.path.endsWith("/AddOrganization")) {
        stack.defer(() =>
          removeOrganization(instance, id(`organization ${it}`))
        );
      }
    }
  }
  const entries = Array.from({ length: MANY }, (_, index) => ({
    key: `role-${String(index).padStart(3, "0")}`,
    value: new TextEncoder().encode(`["perm:${index}"]`),
  }));
  await setMetadata(instance, id("organization many"), entries);
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
    suffix,
    ids,
    id,
    withIds,
    serviceUser: (name: string) => ({
      token: id(`token ${name}`),
      clientId: `${name}-${suffix}`,
      clientSecret: id(`secret ${name}`),
    }),
    /** A service account's JSON key of the user `ci-runner`. */
    machineKey,
    /** The client that may exchange tokens. */
    exchange: clientOf("exchange"),
    /** The client that may introspect tokens. */
    api: clientOf("api"),
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
