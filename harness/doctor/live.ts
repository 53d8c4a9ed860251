/**
 * Proof on the instance itself: a throwaway user, a real token through the bound
 * function, and its claims compared.
 *
 * @module
 */
import { shapeNames, shapePermissions } from "../../lib/claims/shape.ts";
import type { Config } from "../../lib/config/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { whoAmI } from "../zitadel/user.ts";
import { chooseLiveRole, type LiveChoice } from "./choose_live_role.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { ACCESS_TOKEN, oursOf } from "./judge_targets.ts";
import {
  createUserInNewOrganization,
  createUserOfProject,
  type LiveUser,
} from "./live_user.ts";
import { list } from "./names.ts";

/** Tokens that are asked for: the first meets an empty cache, the others not. */
const TOKENS = 6;

/** What ends the proof, and who is told of progress. */
export interface LiveOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

/**
 * Gets real tokens through the bound function, by a throwaway user who is
 * removed again, also if something fails or the signal aborts.
 *
 * @throws {Error} If what it needs cannot be created or removed.
 */
export async function proveLive(
  admin: Instance,
  { facts, config }: { readonly facts: Facts; readonly config: Config },
  options: LiveOptions,
): Promise<Finding> {
  const { signal, onProgress } = options;
  const choice = chooseLiveRole(facts, config);
  if (choice.kind === "none") {
    return finding("live", "warning", `not tried: ${choice.why}`, {
      fix:
        "get a token of an application and look at its claims (`deno task dev`)",
    });
  }
  onProgress?.("creating a throwaway user");
  await using user = await createUser(admin, choice, { config, signal });
  await secretSettles(user, config, signal);
  const expected = expectedClaims(user, config);
  const times: number[] = [];
  for (let i = 0; i < TOKENS; i++) {
    signal.throwIfAborted();
    onProgress?.(`token ${i + 1} of ${TOKENS}`);
    const started = performance.now();
    const { accessToken } = await clientCredentials(config.origin, {
      ...user,
      scope: roleScopes(user.projectId),
    });
    times.push(Math.round(performance.now() - started));
    const claims = claimsOf(accessToken);
    const wrong = Object.entries(expected).find(([name, value]) =>
      !isSame(claims[name], value)
    );
    if (wrong) return describeWrong(facts, { claims, expected: wrong });
  }
  const [cold, ...warm] = times;
  const { length } = user.permissions;
  const permissions = length === 1 ? "permission" : `${length} permissions`;
  return finding(
    "live",
    "ok",
    `${TOKENS} tokens each held the ${permissions} of ${user.role}${
      placeOf(choice)
    }; the first took ${cold} ms, the others ${Math.min(...warm)} to ${
      Math.max(...warm)
    } ms`,
  );
}

/** Says so if it is not the operator's mapping that was used. */
function placeOf(choice: Exclude<LiveChoice, { kind: "none" }>): string {
  const hasOwn = choice.kind === "organization" &&
    Object.keys(choice.mapping).length > 0;
  return hasOwn
    ? " in a throwaway organization, with a mapping of its own: your organizations' entries are checked separately"
    : "";
}

async function createUser(
  admin: Instance,
  choice: Exclude<LiveChoice, { kind: "none" }>,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<LiveUser> {
  const { granted } = choice;
  if (choice.kind === "project") {
    const { id: projectId, owner } = choice.project;
    const organization = owner.id;
    const where = { granted, organization, projectId, signal };
    return await createUserOfProject(admin, where);
  }
  const { mapping } = choice;
  const token = await getServiceToken(config);
  const { id } = await whoAmI(connect(config.origin, token));
  const reader = { id, token };
  const what = { granted, mapping, reader, signal };
  return await createUserInNewOrganization(admin, what);
}

/**
 * Waits until ZITADEL knows the user's secret: v4.6.5 denied it a moment after it
 * was created. Any other refusal shows with the first token that counts.
 */
async function secretSettles(
  user: LiveUser,
  { origin }: Config,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(async () => {
    try {
      await clientCredentials(origin, { ...user, scope: "openid" });
      return true;
    } catch (error) {
      return !/Secret\.NotExisting|NotFound/.test(messageOf(error));
    }
  }, { what: "the throwaway user can get a token", signal });
}

/** The claims that the function adds for a user, as ZITADEL puts them into a token. */
function expectedClaims(
  { projectId, organization, permissions, role }: LiveUser,
  { claim, shape, rolesClaim }: Config,
): Record<string, unknown> {
  const granted = [{ projectId, organization, permissions }];
  return {
    [claim]: shapePermissions(shape, granted).value,
    ...(rolesClaim !== undefined &&
      { [rolesClaim]: shapeNames(shape, [role]).value }),
  };
}

function describeWrong(
  facts: Facts,
  { claims, expected: [name, value] }: {
    readonly claims: Readonly<Record<string, unknown>>;
    readonly expected: readonly [name: string, value: unknown];
  },
): Finding {
  const { place, later } = placeOnAccessTokens(facts);
  const found = claims[name];
  const answers = facts.canaries.some(({ result }) => result.accepted);
  if (later.length > 0 && answers) {
    return finding(
      "live",
      "broken",
      `the function was called, then its claim ${name} was replaced: ${
        list(later)
      } is called after it, and answers with claims of its own`,
      {
        fix:
          "put the function's target last (console: Actions > Actions), or let the later one repeat what it finds in response.append_claims",
      },
    );
  }
  if (found !== undefined) {
    const seen = `a token came with ${name} = ${
      JSON.stringify(found)
    } in place of ${JSON.stringify(value)}`;
    return finding("live", "broken", seen);
  }
  const seen = `a token came without the claim ${name}: ${CAUSES[place]}`;
  return finding("live", "broken", seen);
}

/** What is known of the function's place among the bindings. */
type Place =
  | "bound"
  | "not_bound"
  /** No target signs with a key of the settings: which is the function's is open. */
  | "no_target"
  | "unknown";

const CAUSES: Readonly<Record<Place, string>> = {
  bound: "the function was not called, or failed",
  not_bound:
    "the function was not called, since nothing binds it to preaccesstoken",
  no_target:
    "no target signs with a key of AUTHORIZATION_SIGNING_KEY, so the function was not called, or refused the call with 401",
  unknown: "the function was not called, or failed",
};

/** Finds the function among what is bound to access tokens, and the later targets. */
function placeOnAccessTokens(
  facts: Facts,
): { readonly place: Place; readonly later: readonly string[] } {
  const executions = facts.executions?.value;
  if (!facts.targets?.value || !executions) {
    return { place: "unknown", later: [] };
  }
  const ours = oursOf(facts).map(({ id }) => id);
  if (ours.length === 0) return { place: "no_target", later: [] };
  const ids = executions
    .find(({ condition }) => condition === ACCESS_TOKEN)?.targets ?? [];
  const index = ids.findLastIndex((id) => ours.includes(id));
  if (index < 0) return { place: "not_bound", later: [] };
  const later = ids.slice(index + 1).flatMap((id) => {
    const target = facts.targets?.value?.find((it) => it.id === id);
    return target?.kind === "call" ? [`"${target.name}"`] : [];
  });
  return { place: "bound", later };
}

/** Reports whether a claim holds the same; the order of a list does not matter. */
function isSame(found: unknown, expected: unknown): boolean {
  const sorted = (value: unknown) =>
    Array.isArray(value) ? value.map(String).sort() : value;
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected));
}

/** The claims of a token that the instance itself just gave: nothing to verify. */
function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split(".")[1];
  if (payload === undefined) return {};
  const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
  return JSON.parse(new TextDecoder().decode(bytes));
}
