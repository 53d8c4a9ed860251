import { isDeepStrictEqual } from "node:util";
import { apiChecks } from "./api_checks.ts";
import { claimsChecks } from "./claims_checks.ts";
import type { CheckContext, Checks, Finding } from "./checks.ts";
import { eventChecks } from "./event_checks.ts";
import { oidcChecks } from "./oidc_checks.ts";
import { payloadChecks } from "./payload_checks.ts";
import { replyChecks } from "./reply_checks.ts";
import { createScenario } from "./create_scenario.ts";
import type { Subject } from "./subject.ts";
import { startWebhookTarget } from "./webhook_target.ts";

/** A finding and whether it is as recorded. */
export interface Verdict extends Finding {
  readonly same: boolean;
}

/** API calls come last: they change metadata and executions. */
const PARTS: readonly Checks[] = [
  replyChecks,
  payloadChecks,
  claimsChecks,
  eventChecks,
  oidcChecks,
  apiChecks,
];

/**
 * Compares an instance with what was recorded of its release, in organizations
 * of its own that are removed again.
 *
 * @yields A verdict for each recording.
 */
export async function* runConformance(
  subject: Subject,
): AsyncGenerator<Verdict> {
  await using target = startWebhookTarget();
  await using scenario = await createScenario(subject);
  const context: CheckContext = { subject, scenario, target };
  for (const part of PARTS) {
    for await (const finding of part(context)) {
      const same = isDeepStrictEqual(finding.recorded, finding.seen);
      yield { ...finding, same };
    }
  }
}
