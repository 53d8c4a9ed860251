/**
 * Proof on the instance itself: a throwaway user, a real token through the bound
 * function, and its claims compared.
 *
 * @module
 */
import { claimsReply } from "../../lib/claims/reply.ts";
import type { Config } from "../../lib/config/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { chooseLiveRole, type LivePlace } from "./choose_live_role.ts";
import type { Facts } from "./facts.ts";
import { type Finding, finding } from "./finding.ts";
import { createLiveUser, type LiveUser } from "./live_user.ts";

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
  await using user = await createLiveUser(admin, choice, { config, signal });
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
    if (wrong) return describeWrong(claims[wrong[0]], wrong);
  }
  const [cold, ...warm] = times;
  return finding(
    "live",
    "ok",
    `${TOKENS} tokens each held ${describeGranted(user)}${
      placeOf(choice)
    }; the first took ${cold} ms, the others ${Math.min(...warm)} to ${
      Math.max(...warm)
    } ms`,
  );
}

function describeGranted({ permissions: { length }, role }: LiveUser): string {
  if (length === 0) {
    return "the empty claim of a role without an entry, made for this check since no role has fewer permissions than another";
  }
  const permissions = length === 1 ? "permission" : `${length} permissions`;
  return `the ${permissions} of ${role}`;
}

/** Says so if it is not the operator's mapping that was used. */
function placeOf(choice: LivePlace): string {
  const hasOwn = choice.kind === "organization" &&
    Object.keys(choice.mapping).length > 0;
  return hasOwn
    ? " in a throwaway organization, with a mapping of its own: your organizations' entries are checked separately"
    : "";
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
  const granted = [{ projectId, organization, permissions, roles: [role] }];
  const { added } = claimsReply({ claim, shape, rolesClaim, granted });
  return Object.fromEntries(added.map(({ name, value }) => [name, value]));
}

function describeWrong(
  found: unknown,
  [name, value]: readonly [name: string, value: unknown],
): Finding {
  const [is, shouldBe] = [found, value].map((it) => JSON.stringify(it));
  const seen = found === undefined
    ? `a token came without the claim ${name}: the function was not called, or failed, or its claim was replaced`
    : `a token came with ${name} = ${is} in place of ${shouldBe}`;
  return finding("live", "broken", seen);
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
