/**
 * Everything that holds for every input. The tests look for a contradiction
 * briefly, `deno task fuzz` as long as it is told to.
 *
 * @module
 */
import { cacheModel } from "../lib/mapping/cache_model.ts";
import { claimsProperties } from "./claims.ts";
import { metadataValueProperties } from "./metadata_values.ts";
import { payloadProperties } from "./payload.ts";
import { type Property, property } from "./property.ts";
import { signatureProperties } from "./signature.ts";

/** All properties. */
export const PROPERTIES: readonly Property[] = [
  ...signatureProperties,
  ...payloadProperties,
  ...metadataValueProperties,
  ...claimsProperties,
  property(
    "MappingCache keeps its promises in every order of calls, events, answers and outages",
    cacheModel(),
    { cost: 20 },
  ),
];
