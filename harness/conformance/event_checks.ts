import { waitUntil } from "../util/wait_until.ts";
import { removeMetadata, setMetadata } from "../zitadel/metadata.ts";
import { bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { shapeOf } from "./shape.ts";
import { readCall } from "./webhook_call.ts";

const EVENTS = "event/group/org.metadata";
const RECORDED = {
  "current": [
    "events/01_org_metadata_set",
    "events/02_org_metadata_set",
    "events/03_org_metadata_set",
    "events/04_org_metadata_removed",
    "events/05_org_metadata_removed",
  ],
  "4.6": ["older/v4.6.5/event_org_metadata_set"],
  "3.4": ["older/v3.4.9/event_org_metadata_set"],
} as const;

const entry = (key: string, text: string) => ({
  key,
  value: new TextEncoder().encode(text),
});

/** Compares the events that targets receive for changes of metadata. */
export async function* eventChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  yield* recordedEvents(context);
  if (context.subject.release === "current") yield* jwtTarget(context);
}

/**
 * Changes metadata as for the recording: one value, two new ones, and both
 * removed; and once to the value that it has already.
 */
async function* recordedEvents(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  const { acme } = scenario.organizations;
  const names = RECORDED[subject.release];
  await using _binding = await bindTarget(subject, {
    name: `events ${scenario.suffix}`,
    endpoint: `${target.origin}/events`,
    condition: EVENTS,
  });
  target.calls.length = 0;
  const published = entry("editor", '["posts:publish"]');
  await setMetadata(subject.instance, acme, [published]);
  if (names.length > 1) {
    await setMetadata(subject.instance, acme, [published]);
    await setMetadata(subject.instance, acme, [
      entry("a", '["1"]'),
      entry("b", '["2"]'),
    ]);
    await removeMetadata(subject.instance, acme, ["a", "b"]);
  }
  const events = await eventsAt(context, "/events", names.length);
  for (const [index, name] of names.entries()) {
    const recorded = JSON.parse((await readCall(".", name)).body);
    yield await compare(
      name,
      shapeOf(recorded),
      () => shapeOf(events[index]),
    );
  }
  yield await compare(
    "events: an unchanged value sends no event",
    names.length,
    () => events.length,
  );
}

/** ZITADEL does not send events to targets of payload type JWT. */
async function* jwtTarget(context: CheckContext): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  const { acme } = scenario.organizations;
  await using jwt = await bindTarget(subject, {
    name: `JWT events ${scenario.suffix}`,
    endpoint: `${target.origin}/jwt`,
    condition: EVENTS,
    payloadType: "PAYLOAD_TYPE_JWT",
  });
  await using _json = await bindTarget(subject, {
    name: `JSON events ${scenario.suffix}`,
    endpoint: `${target.origin}/json`,
    condition: EVENTS,
    after: [jwt.id],
  });
  target.calls.length = 0;
  yield await compare(
    "events: a JWT target receives none, a JSON target beside it does",
    { json: 1, jwt: 0 },
    async () => {
      await setMetadata(subject.instance, acme, [entry("jwt", '["1"]')]);
      const { length } = await eventsAt(context, "/json", 1);
      const jwt = target.calls.filter(({ path }) => path === "/jwt");
      return { json: length, jwt: jwt.length };
    },
  );
}

/** Waits for the organization's events and sorts them, since delivery is unordered. */
async function eventsAt(
  { subject, scenario, target }: CheckContext,
  path: string,
  count: number,
): Promise<{ sequence: number }[]> {
  const events = () =>
    target.calls.filter((call) => call.path === path)
      .map(({ body }) => JSON.parse(body))
      .filter(({ aggregateID }) => aggregateID === scenario.organizations.acme);
  await subject.settle();
  await waitUntil(
    () => Promise.resolve(events().length >= count),
    { what: "the events are delivered" },
  );
  return events().sort((a, b) => a.sequence - b.sequence);
}
