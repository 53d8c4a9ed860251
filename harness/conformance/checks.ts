import { messageOf } from "../cli/terminal.ts";
import type { Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";
import type { WebhookTarget } from "./webhook_target.ts";

/** What checks work with. */
export interface CheckContext {
  readonly subject: Subject;
  readonly scenario: Scenario;
  readonly target: WebhookTarget;
}

/** What was recorded and what was seen, both reduced to what is compared. */
export interface Finding {
  /** The recording, as a path below `fixtures`, and the case in it. */
  readonly name: string;
  readonly recorded: unknown;
  readonly seen: unknown;
}

/** A part of a conformance run. */
export type Checks = (context: CheckContext) => AsyncGenerator<Finding>;

/**
 * Compares what a look at the instance returns. A look that throws is a finding
 * too, so every failure names its check and the run goes on.
 */
export async function compare(
  name: string,
  recorded: unknown,
  look: () => unknown,
): Promise<Finding> {
  try {
    return { name, recorded, seen: await look() };
  } catch (error) {
    return { name, recorded, seen: { error: messageOf(error) } };
  }
}
