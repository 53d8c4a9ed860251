import { deleteTarget } from "../zitadel/target.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { readRecording } from "./recording.ts";
import { callRest } from "./subject.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/interrupt_on_error_updates";
const UPDATES = [false, true, false, true];

interface Recording {
  /** The value after each update. */
  readonly rows: Readonly<Record<string, readonly boolean[]>>;
}

/** Compares which updates of interruptOnError take effect. */
export async function* targetChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { rows } = await readRecording<Recording>(RECORDING);
  for (const interruptOnError of [false, true]) {
    const name = `created with ${interruptOnError}`;
    yield await compare(
      `${RECORDING}: ${name}`,
      rows[name],
      () => valuesAfterUpdates(context, interruptOnError),
    );
  }
}

async function valuesAfterUpdates(
  { subject, scenario, target }: CheckContext,
  initial: boolean,
): Promise<boolean[]> {
  const targets = "/v2beta/actions/targets";
  const { id } = await callRest(subject, `POST ${targets}`, {
    body: {
      name: `updates ${initial} ${scenario.suffix}`,
      endpoint: `${target.origin}/updates`,
      timeout: "5s",
      restCall: { interruptOnError: initial },
    },
  });
  try {
    const values: boolean[] = [];
    for (const interruptOnError of UPDATES) {
      await callRest(subject, `POST ${targets}/${id}`, {
        body: { restCall: { interruptOnError } },
      });
      await subject.settle();
      const { target } = await callRest(subject, `GET ${targets}/${id}`) as {
        target: { restCall: { interruptOnError?: boolean } };
      };
      values.push(target.restCall.interruptOnError ?? false);
    }
    return values;
  } finally {
    await deleteTarget(subject.instance, String(id));
  }
}
