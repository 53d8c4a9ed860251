import { PROPERTIES } from "./mod.ts";

/** Enough to notice what breaks a rule outright; rare inputs are `deno task fuzz`'s. */
const RUNS = 200;

for (const property of PROPERTIES) {
  Deno.test(property.name, async () => {
    const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
    await property.check({ runs: RUNS, seed });
  });
}
