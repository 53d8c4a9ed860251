import { waitUntil } from "../util/wait_until.ts";
import { removeMetadata, setMetadata } from "../zitadel/metadata.ts";
import { bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readCall } from "./payload_checks.ts";
import { shapeOf } from "./shape.ts";

const EVENTS = "event/group/org.metadata";
const RECORDED = {
  current: [
    "events/01_org_metadata_set",
    "events/02_org_metadata_set",
    "events/03_org_metadata_set",
    "events/04_org_metadata_removed",
    "events/05_org_metadata_removed",
  ],
  "4.6": ["older/v4.6.5/event_org_metadata_set"],
  "3.4": ["older/v3.4.9/event_org_metadata_set"],
} as const;

/**
 * Changes metadata as for the recording: one value, twice the same, two new
 * ones, and both removed. ZITADEL sends no event to a target of payload type
 * JWT.
 */
export async function* eventChecks(
  { subject, scenario, target }: CheckContext,
): AsyncGenerator<Finding> {
  const { instance, release } = subject;
  const names = RECORDED[release];
  const acme = scenario.id("organization acme");
  await using stack = new AsyncDisposableStack();
  const bind = async (name: "json" | "jwt", after: readonly string[]) =>
    stack.use(
      await bindTarget(subject, {
        name: `${name} events ${scenario.suffix}`,
        endpoint: `${target.origin}/${name}`,
        condition: EVENTS,
        payloadType: name,
        after,
      }),
    ).id;
  await bind("json", release === "current" ? [await bind("jwt", [])] : []);
  target.calls.length = 0;
  const set = (values: Record<string, string>) =>
    setMetadata(
      instance,
      acme,
      Object.entries(values).map(([key, text]) => ({
        key,
        value: new TextEncoder().encode(text),
      })),
    );
  await set({ editor: '["posts:publish"]' });
  await set({ editor: '["posts:publish"]' });
  if (names.length > 1) {
    await set({ a: '["1"]', b: '["2"]' });
    await removeMetadata(instance, acme, ["a", "b"]);
  }
  const events = () =>
    target.calls.filter(({ path }) => path === "/json")
      .map(({ body }) => JSON.parse(body))
      .filter(({ aggregateID }) => aggregateID === acme)
      // Delivery is unordered.
      .sort((a, b) => a.sequence - b.sequence);
  await subject.settle();
  await waitUntil(
    () => Promise.resolve(events().length >= names.length),
    { what: "the events are delivered" },
  );
  for (const [index, name] of names.entries()) {
    const recorded = shapeOf(JSON.parse((await readCall(name)).body));
    yield await compare(name, recorded, () => shapeOf(events()[index]));
  }
  yield await compare(
    "events: an unchanged value and a JWT target get none",
    [names.length, 0],
    () => [
      events().length,
      target.calls.filter(({ path }) => path === "/jwt").length,
    ],
  );
}
