import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../cli/terminal.ts";
import { unbindOthers } from "./binding.ts";
import type { Checks, Finding } from "./checks.ts";
import { claimsChecks } from "./claims_checks.ts";
import { createScenario } from "./scenario.ts";
import { eventChecks } from "./event_checks.ts";
import { exchangeChecks, hostChecks } from "./exchange_checks.ts";
import { payloadChecks } from "./payload_checks.ts";
import { refusalChecks } from "./refusal_checks.ts";
import { replyChecks } from "./reply_checks.ts";
import type { Subject } from "./subject.ts";
import { startWebhookTarget } from "./webhook_target.ts";

/** A finding, and whether the instance behaves as recorded. */
export interface Verdict extends Finding {
  readonly same: boolean;
}

/** Exchanges come last: they change metadata and executions. */
const PARTS: Readonly<Record<string, Checks>> = {
  replies: replyChecks,
  payloads: payloadChecks,
  claims: claimsChecks,
  events: eventChecks,
  refusals: refusalChecks,
  hosts: hostChecks,
  exchanges: exchangeChecks,
};

/**
 * Compares an instance with what was recorded of its release, in organizations
 * of its own that are removed afterwards. Targets that are bound on the
 * instance are unbound meanwhile, since they would change tokens and answers.
 */
export async function* runConformance(
  subject: Subject,
  parts: Readonly<Record<string, Checks>> = PARTS,
): AsyncGenerator<Verdict> {
  await using target = startWebhookTarget();
  await using _unbound = await unbindOthers(subject);
  await using scenario = await createScenario(subject);
  const context = { subject, scenario, target };
  for (const [part, checks] of Object.entries(parts)) {
    try {
      for await (const finding of checks(context)) {
        const same = isDeepStrictEqual(finding.recorded, finding.seen);
        yield { ...finding, same };
      }
    } catch (error) {
      yield {
        name: `${part}: set-up or clean-up of these checks`,
        recorded: "no error",
        seen: { error: messageOf(error) },
        same: false,
      };
    }
  }
}
