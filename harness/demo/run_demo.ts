import { askApi } from "./ask_api.ts";
import { connectFunction } from "./connect_function.ts";
import type { DemoAnswer, DemoEvent, DemoLogin } from "./demo_event.ts";
import { logIn } from "./log_in.ts";
import { openStage } from "./stage.ts";

/** What the demo shows. */
export interface DemoResult {
  /** A person's first. */
  readonly logins: readonly DemoLogin[];
  readonly answers: readonly DemoAnswer[];
}

/**
 * Plays the guide's five steps on this machine, from the mapping to an API that
 * checks the permissions: a stand-in ZITADEL, the function and the API, each a
 * process of its own. Everything that it starts is stopped in any case, and its
 * files are removed.
 *
 * @throws {Error} If a step fails, or a token or an answer is not as the mapping
 * says.
 */
export async function runDemo(options: {
  readonly signal: AbortSignal;
  readonly onEvent: (event: DemoEvent) => void;
}): Promise<DemoResult> {
  await using stage = await openStage(options);
  const { sandbox, organization, project, step, emit } = stage;
  step("", `A stand-in ZITADEL at ${sandbox.origin}`);
  emit({
    kind: "line",
    text:
      `${organization.name} has the project ${project.name} with roles, and people who have them. ZITADEL does not know yet what a role permits.`,
  });

  await using process = await connectFunction(stage);

  step("Step 5", "Two logins");
  const logins = await logIn(stage, process);
  emit({ kind: "tokens", logins });

  const answers = await askApi(stage, logins);
  options.signal.throwIfAborted();
  return { logins, answers };
}
