import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { bindTarget } from "./binding.ts";
import { type CheckContext, compare, type Finding } from "./checks.ts";
import { createClaimsReader } from "./claims_reader.ts";
import { readRecording } from "./recording.ts";
import type { Application, Person } from "./scenario.ts";
import { logIn } from "./tokens.ts";

/** The prefix of the findings' names. */
const RECORDING = "behaviour/claims";
const ALL_PROJECTS = "urn:zitadel:iam:org:projects:roles";

/** What a target appends; only some of it may arrive. */
const APPENDED = {
  append_claims: [
    { key: "permissions", value: ["a"] },
    { key: "sub", value: "evil" },
    { key: "name", value: "evil" },
    { key: "active", value: "evil" },
  ],
};
const FORWARDED = { forwardedStatusCode: 403, forwardedErrorMessage: "no" };

/**
 * Compares the claims of tokens of every kind, at login, at userinfo and at
 * introspection, and what targets of preuserinfo receive and may add there.
 */
export async function* claimsChecks(
  context: CheckContext,
): AsyncGenerator<Finding> {
  const { rows } = await readRecording<{ rows: Record<string, unknown> }>(
    RECORDING,
  );
  for await (const [name, look] of observations(context)) {
    const recorded = context.subject.release === "3.4"
      ? withoutApplication(rows[name])
      : rows[name];
    yield await compare(
      `${RECORDING}: ${name}`,
      sorted(recorded),
      async () => sorted(await look()),
    );
  }
}

/** Each observation is made before the next one is prepared. */
type Observation = readonly [name: string, look: () => Promise<unknown>];

async function* observations(
  context: CheckContext,
): AsyncGenerator<Observation> {
  const { subject, scenario, target } = context;
  const { apps, people, machine } = scenario;
  const read = await createClaimsReader(context);
  const login = async (who: Person, app: Application, scope: string) => {
    const tokens = await logIn(context, { who, app, scope });
    return await read(tokens.accessToken, tokens.idToken);
  };
  {
    await using _binding = await bindUserInfo(context);
    target.calls.length = 0;
    for (const [name, who, app, scope] of loginsOf(context)) {
      yield [name, () => login(who, app, scope)];
    }
    for (const [name, scope] of serviceLoginsOf(context)) {
      yield [name, async () => {
        const options = { ...machine, scope };
        const tokens = await clientCredentials(subject.origin, options);
        return await read(tokens.accessToken, tokens.idToken);
      }];
    }
    yield ["personal access token", () => read(machine.token)];
    target.reply = () => Response.json(APPENDED);
    yield [
      "appended claims",
      () => login(people.alice, apps.storefront, "openid profile"),
    ];
  }
  target.reply = () => Response.json({});
  const { accessToken } = await logIn(context, {
    who: people.alice,
    app: apps.storefront,
    scope: "openid",
  });
  await using _binding = await bindUserInfo(context, true);
  target.reply = () => Response.json({}, { status: 500 });
  yield ["target fails and interrupts", () => read(accessToken)];
  target.reply = () => Response.json(FORWARDED);
  yield ["target forwards 403", () => read(accessToken)];
  target.reply = () => Response.json({});
}

function loginsOf(
  { scenario: { apps, people, projects } }: CheckContext,
): readonly [name: string, Person, Application, scope: string][] {
  const all = (id: string) =>
    `openid ${ALL_PROJECTS} urn:zitadel:iam:org:project:id:${id}:aud`;
  return [
    [
      "profile and email",
      people.alice,
      apps.storefront,
      "openid profile email",
    ],
    ["opaque", people.alice, apps.opaque, "openid profile"],
    ["two projects", people.alice, apps.storefront, all(projects.warehouse)],
    ["no assertion", people.alice, apps.warehouse, "openid profile"],
    [
      "no assertion, another project asked for",
      people.alice,
      apps.warehouse,
      all(projects.storefront),
    ],
    [
      "no assertion, a role asked for",
      people.alice,
      apps.warehouse,
      "openid urn:zitadel:iam:org:project:role:picker",
    ],
    ["granted project", people.carol, apps.storefront, "openid"],
  ];
}

function serviceLoginsOf(
  { scenario: { projects } }: CheckContext,
): readonly [name: string, scope: string][] {
  return [
    ["service user", "openid profile"],
    ["service user, roles asked for", roleScopes(projects.storefront)],
    ["service user without openid", "profile"],
  ];
}

function bindUserInfo(
  { subject, scenario, target }: CheckContext,
  interruptOnError = false,
) {
  return bindTarget(subject, {
    name: `userinfo ${interruptOnError} ${scenario.suffix}`,
    endpoint: `${target.origin}/userinfo`,
    condition: "function/preuserinfo",
    interruptOnError,
  });
}

/** Audiences and scopes come in the order of the database, which varies. */
function sorted(row: unknown): unknown {
  return JSON.parse(JSON.stringify(row ?? null, (key, value) => {
    if (key === "aud" && Array.isArray(value)) return value.toSorted();
    if (key !== "scope" || typeof value !== "string") return value;
    return value.split(" ").sort().join(" ");
  }));
}

/** v3 does not tell targets which application asks. */
function withoutApplication(row: unknown): unknown {
  return JSON.parse(JSON.stringify(
    row ?? null,
    (key, value) => key === "application" ? undefined : value,
  ));
}
