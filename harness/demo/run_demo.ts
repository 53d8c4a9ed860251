/**
 * The guide's five steps on this machine: a stand-in ZITADEL, set up by the
 * code that sets up a real one, the function as a process of its own, and two
 * logins.
 *
 * @module
 */
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { FunctionCall } from "../../lib/request/payload.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { freePort } from "../util/free_port.ts";
import {
  type FunctionProcess,
  startFunction,
} from "../function/function_process.ts";
import { describeChange } from "../setup/describe_change.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { explainCall } from "../explain/explain.ts";
import { applyChanges, type Place, readState } from "../setup/setup.ts";
import { type Change, planSetup, type Wish } from "../setup/plan.ts";
import { type Exchange, startSandbox } from "../sandbox/sandbox.ts";
import { readWorldFile, type WorldFile } from "../sandbox/world_file.ts";
import { connect } from "../zitadel/client.ts";
import { clientCredentials, login, roleScopes } from "../zitadel/login.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import { DEFAULT_MAPPING } from "../zitadel/scratch_organization.ts";

const CONDITION = "function/preaccesstoken";

/** A permission and the roles that gave it. */
export interface PermissionSource {
  /** The permission. */
  readonly permission: string;
  /** The roles, by name. */
  readonly roles: readonly string[];
}

/** A token, and how it came about. */
export interface DemoLogin {
  /** Who logged in. */
  readonly user: string;
  /** How. */
  readonly flow: "authorization code + PKCE" | "client credentials";
  /** The access token as it was issued. */
  readonly accessToken: string;
  /** Its claims; the signature was checked against the instance's keys. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Where each permission comes from. */
  readonly sources: readonly PermissionSource[];
  /** ZITADEL's call of the function, and the answer. */
  readonly exchange: Exchange;
}

/** What happens, as it happens. */
export type DemoEvent =
  | { readonly kind: "step"; readonly step: number; readonly title: string }
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "change"; readonly sign: string; readonly text: string }
  | { readonly kind: "login"; readonly login: DemoLogin };

/** How the demo is run. */
export interface DemoOptions {
  /** Ends it after the step at hand. */
  readonly signal: AbortSignal;
  /** Told what happens. */
  readonly onEvent: (event: DemoEvent) => void;
}

/**
 * Runs the demo. Whatever happens, everything that it started is stopped, and
 * its files are removed.
 *
 * @param options Who is told, and when to stop.
 * @returns The logins.
 * @throws {Error} Where a step fails, or a token does not hold what the mapping
 * says.
 */
export async function runDemo(
  { signal, onEvent }: DemoOptions,
): Promise<DemoLogin[]> {
  await using stack = new AsyncDisposableStack();
  const world = withoutMapping(await readWorldFile());
  const acme = world.organizations[0]!;
  const sandbox = stack.use(await startSandbox({ world }));
  const folder = await Deno.makeTempDir({ prefix: "permissions-demo-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const instance = connect(sandbox.origin, sandbox.adminToken);
  const place: Place = {
    instance,
    organization: acme.id,
    envFile: `${folder}/.env`,
  };
  const port = freePort();
  const endpoint = `http://127.0.0.1:${port}/`;
  const wish: Wish = {
    target: {
      name: DEFAULT_TARGET_NAME,
      endpoint,
      timeoutSeconds: 10,
      interruptOnError: false,
    },
    conditions: [CONDITION],
    mapping: new Map(Object.entries(DEFAULT_MAPPING)),
    force: false,
  };
  const step = (number: number, title: string) => {
    signal.throwIfAborted();
    onEvent({ kind: "step", step: number, title });
  };
  const line = (text: string) => onEvent({ kind: "line", text });
  const apply = (kinds: readonly Change["kind"][]) =>
    applyPart(place, wish, { kinds, onEvent });

  step(0, `A stand-in ZITADEL at ${sandbox.origin}`);
  line(`${acme.name} has the project Storefront with roles, and people who`);
  line("have them. What they permit, ZITADEL does not know yet.");

  step(1, `The mapping, in the metadata of ${acme.name}`);
  await apply(["set-metadata"]);

  step(2, "The target: where ZITADEL finds the function");
  await apply(["create-target", "write-key"]);

  step(3, `The function at ${endpoint}, a process of its own`);
  const reader = acme.users.find(({ tokens }) => tokens.length > 0)!;
  const process = stack.use(
    await startFunction({
      env: {
        ...parseEnv(await readEnvFile(place.envFile)),
        ZITADEL_DOMAIN: sandbox.origin,
        ACCESS_TOKEN: reader.tokens[0]!,
        KV_URL: ":memory:",
        PORT: String(port),
      },
    }),
  );
  line("It has the target's signing key and a token that may read the");
  line("metadata. It may reach ZITADEL, and nothing else.");

  step(4, "The binding: ask the function before a token is issued");
  await apply(["bind"]);

  step(5, "Two logins");
  const logins: DemoLogin[] = [];
  const project = acme.projects[0]!;
  const app = project.apps[0]!;
  const person = acme.users.find(({ firstName }) => firstName)!;
  const robot = acme.users.find(({ secret }) => secret)!;
  const take = async (
    user: string,
    flow: DemoLogin["flow"],
    accessToken: string,
  ) => {
    const exchange = sandbox.exchanges.at(-1);
    const { payload: claims } = await jwtVerify(
      accessToken,
      createRemoteJWKSet(new URL("/oauth/v2/keys", sandbox.origin)),
      { issuer: sandbox.origin },
    );
    const { entries } = await listMetadata(instance, acme.id!);
    const explanation = await explainCall(
      exchange?.request.payload as FunctionCall,
      () => Promise.resolve(parseRoleMapping(entries)),
      "user",
    );
    const roles = explanation.grants.flatMap(({ roles }) => roles);
    const sources = explanation.permissions.map((permission) => ({
      permission,
      roles: roles.filter((it) => it.permissions.includes(permission))
        .map(({ role }) => role),
    }));
    check(claims, explanation.permissions, process);
    const result: DemoLogin = {
      user,
      flow,
      accessToken,
      claims,
      sources,
      exchange: exchange!,
    };
    logins.push(result);
    onEvent({ kind: "login", login: result });
    signal.throwIfAborted();
  };

  const byCode = await login(sandbox.origin, {
    clientId: app.clientId!,
    redirectUri: app.redirectUris[0]!,
    scope: "openid",
    loginName: person.userName,
    password: "any",
    loginClientToken: sandbox.loginClientToken,
  });
  const name = `${person.firstName} ${person.lastName}`;
  await take(name, "authorization code + PKCE", byCode.accessToken);
  const bySecret = await clientCredentials(sandbox.origin, {
    clientId: robot.userName,
    clientSecret: robot.secret!,
    scope: roleScopes(project.id!),
  });
  await take(robot.userName, "client credentials", bySecret.accessToken);
  return logins;
}

/** The demo writes the mapping itself, by the same code as to a real instance. */
function withoutMapping(world: WorldFile): WorldFile {
  const [acme, ...others] = world.organizations;
  return { ...world, organizations: [{ ...acme!, metadata: {} }, ...others] };
}

/** Makes those changes of the set-up that belong to one step. */
async function applyPart(
  place: Place,
  wish: Wish,
  { kinds, onEvent }: {
    readonly kinds: readonly Change["kind"][];
    readonly onEvent: DemoOptions["onEvent"];
  },
): Promise<void> {
  const state = await readState(place);
  const changes = planSetup(state, wish)
    .filter(({ kind }) => kinds.includes(kind));
  const words = {
    targets: state.targets,
    name: DEFAULT_TARGET_NAME,
    envFile: ".env",
  };
  await applyChanges(place, changes, {
    onChange: (change) => {
      for (const { sign, text } of describeChange(change, words)) {
        onEvent({ kind: "change", sign, text });
      }
    },
  });
}

function check(
  claims: Readonly<Record<string, unknown>>,
  expected: readonly string[],
  process: FunctionProcess,
): void {
  if (
    expected.length > 0 &&
    JSON.stringify(claims.permissions) === JSON.stringify(expected)
  ) return;
  throw new Error(
    `The token's permissions are ${
      JSON.stringify(claims.permissions)
    } instead of ${JSON.stringify(expected)}. The function wrote:\n${
      process.lines.join("\n")
    }`,
  );
}
