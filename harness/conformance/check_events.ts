import { waitUntil } from "../util/wait_until.ts";
import { removeMetadata, setMetadata } from "../zitadel/metadata.ts";
import { bindTarget } from "./binding.ts";
import { readCall, readRecorded } from "./recording.ts";
import type { Check, Run } from "./check.ts";
import { shapeOf } from "./shape.ts";
import type { Release } from "./subject.ts";

/**
 * Changes metadata as for the recording: one value, twice the same, two new
 * ones, and both removed. A target of payload type JWT gets no event; v4.13.1 sends
 * none for an unchanged value, v4.6.5 and v3.4.9 do.
 */
export async function* checkEvents(run: Run): AsyncGenerator<Check> {
  const { instance, release, target } = run;
  const { events: { [release]: names } } = await readRecorded<
    { events: Readonly<Record<Release, readonly string[]>> }
  >("scenario");
  const acme = run.id("organization acme");
  await using stack = new AsyncDisposableStack();
  const bind = async (path: "json" | "jwt", after: string[]) => {
    const condition = "event/group/org.metadata";
    const options = { path, payloadType: path, condition, after };
    return stack.use(await bindTarget(run, options)).id;
  };
  await bind("json", release === "current" ? [await bind("jwt", [])] : []);
  target.calls.length = 0;
  const set = (...keys: string[]) => {
    const value = new TextEncoder().encode('["posts:publish"]');
    return setMetadata(instance, acme, keys.map((key) => ({ key, value })));
  };
  await set("editor");
  await set("editor");
  if (release === "current") {
    await set("a", "b");
    await removeMetadata(instance, acme, ["a", "b"]);
  }
  const calls = (path: string) =>
    target.calls.filter((call) => call.path === path);
  const events = () =>
    calls("/json").map(({ body }) => JSON.parse(body))
      .filter(({ aggregateID }) => aggregateID === acme)
      // Delivery is unordered.
      .sort((a, b) => a.sequence - b.sequence);
  await waitUntil(
    () => Promise.resolve(events().length >= names.length),
    { what: "the events are delivered" },
  );
  // Any that should not come would come now.
  await run.settle();
  for (const [index, name] of names.entries()) {
    const recorded = shapeOf(JSON.parse(await readCall(name)));
    yield { name, recorded, look: () => shapeOf(events()[index]) };
  }
  yield {
    name: "events: their number, and none to a JWT target",
    recorded: [names.length, 0],
    look: () => [events().length, calls("/jwt").length],
  };
}
