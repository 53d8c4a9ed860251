import type { Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";
import type { WebhookTarget } from "./webhook_target.ts";

/** What checks work with. */
export interface Run extends Subject, Scenario {
  readonly target: WebhookTarget;
}

/** A recorded behaviour, and a look at the instance's; both are reduced to what is compared. */
export interface Check {
  /** The recording, as a path below `fixtures`, and the case in it. */
  readonly name: string;
  readonly recorded: unknown;
  readonly look: () => unknown;
}

/** Prepares each check when the one before is done, and cleans up in the end. */
export type Checks = (run: Run) => AsyncGenerator<Check>;
