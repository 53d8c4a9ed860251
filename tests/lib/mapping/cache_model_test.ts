import fc from "fast-check";
import { cacheModel } from "./cache_model.ts";

Deno.test("MappingCache keeps its promises in every order of things", async () => {
  await fc.assert(cacheModel(), { numRuns: 1_000 });
});
