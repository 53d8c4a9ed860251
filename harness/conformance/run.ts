import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../cli/terminal.ts";
import { unbindOthers } from "./binding.ts";
import type { Check, Checks } from "./check.ts";
import { checkClaims } from "./check_claims.ts";
import { checkEvents } from "./check_events.ts";
import { checkExchanges, checkHosts } from "./check_exchanges.ts";
import { checkPayloads } from "./check_payloads.ts";
import { checkRefusals } from "./check_refusals.ts";
import { checkReplies } from "./check_replies.ts";
import { createScenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";
import { startWebhookTarget } from "./webhook_target.ts";

/** What was recorded and what was seen, and whether they are the same. */
export interface Verdict {
  readonly name: string;
  readonly recorded: unknown;
  readonly seen: unknown;
  readonly same: boolean;
}

const PARTS: Readonly<Record<string, Checks>> = {
  replies: checkReplies,
  payloads: checkPayloads,
  claims: checkClaims,
  events: checkEvents,
  refusals: checkRefusals,
  hosts: checkHosts,
  exchanges: checkExchanges,
};

/**
 * Compares an instance with what was recorded of its release, in organizations
 * of its own that are removed afterwards. Targets that are bound on the
 * instance are unbound meanwhile, since they would change tokens and answers.
 * What fails is a verdict too, so the run goes on.
 */
export async function* runConformance(
  subject: Subject,
  parts: Readonly<Record<string, Checks>> = PARTS,
): AsyncGenerator<Verdict> {
  await using target = startWebhookTarget();
  await using _unbound = await unbindOthers(subject);
  await using scenario = await createScenario(subject);
  for (const [part, checks] of Object.entries(parts)) {
    try {
      const run = { ...subject, ...scenario, target };
      for await (const { name, recorded, look } of checks(run)) {
        const seen = await attempt(look);
        yield { name, recorded, seen, same: isDeepStrictEqual(recorded, seen) };
      }
    } catch (error) {
      const name = `${part}: set-up or clean-up of these checks`;
      const seen = { error: messageOf(error) };
      yield { name, recorded: "no error", seen, same: false };
    }
  }
}

async function attempt(look: Check["look"]): Promise<unknown> {
  try {
    return await look();
  } catch (error) {
    return { error: messageOf(error) };
  }
}
