/**
 * What event targets are told of a change of metadata.
 *
 * @module
 */
import { removeMetadata, setMetadata } from "../zitadel/metadata.ts";
import { waitUntil } from "../util/wait_until.ts";
import { bindTarget } from "./binding.ts";
import type { CheckContext, Finding } from "./checks.ts";
import { shapeOf } from "./shape.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
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

/**
 * Changes metadata as it was changed for the recording: one value, two new
 * ones, the two removed; and an unchanged one, which tells nobody.
 *
 * @yields A finding for each recorded event.
 */
export async function* eventChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { subject, scenario, target } = context;
  const { acme } = scenario.organizations;
  const names = RECORDED[subject.release];
  const entry = (key: string, text: string) => ({
    key,
    value: new TextEncoder().encode(text),
  });
  await using _binding = await bindTarget(subject, {
    name: `events ${scenario.suffix}`,
    endpoint: `${target.origin}/events`,
    condition: "event/group/org.metadata",
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
  await subject.settle();
  const events = () => target.calls.filter(({ path }) => path === "/events");
  await waitUntil(
    () => Promise.resolve(events().length >= names.length),
    { what: "the events are delivered" },
  );
  // Delivery keeps no order, so they are looked at in that of the events.
  const seen = events().map(({ body }) => JSON.parse(body))
    .sort((a, b) => a.sequence - b.sequence);
  for (const [index, name] of names.entries()) {
    const url = new URL(`${name}.json`, FIXTURES);
    const { request } = JSON.parse(await Deno.readTextFile(url));
    yield {
      name,
      recorded: shapeOf(JSON.parse(request.body)),
      seen: shapeOf(seen[index]),
    };
  }
  yield {
    name: "events: an unchanged value tells nobody",
    recorded: names.length,
    seen: seen.length,
  };
}
