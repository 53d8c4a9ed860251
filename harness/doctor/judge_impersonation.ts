import { type Facts, metadataApiOf } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";

/**
 * Judges IMPERSONATION=none, which needs a release that sends `actor`. ZITADEL
 * reports its release nowhere; the metadata API that it lacks shows an old one.
 */
export function judgeImpersonation(facts: Facts): Finding[] {
  if (facts.config.value?.impersonation !== "none") return [];
  const api = metadataApiOf(facts);
  const isOld = api === "management_v1" || api === "v2beta";
  return [
    finding(
      "impersonation",
      isOld ? "warning" : "note",
      isOld
        ? "none has no effect on this release, which does not send the actor"
        : "none is set; whether this release sends the actor cannot be asked",
    ),
  ];
}
