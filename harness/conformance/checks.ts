import type { Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";
import type { WebhookTarget } from "./webhook_target.ts";

export interface CheckContext {
  readonly subject: Subject;
  /** Who and what there is on it. */
  readonly scenario: Scenario;
  readonly target: WebhookTarget;
}

/** What was recorded and what is seen, both reduced to what is compared. */
export interface Finding {
  /** The recording, as a path below `fixtures`. */
  readonly name: string;
  readonly recorded: unknown;
  readonly seen: unknown;
}

/** A part of the conformance run: findings, one after the other. */
export type Checks = (context: CheckContext) => AsyncGenerator<Finding>;
