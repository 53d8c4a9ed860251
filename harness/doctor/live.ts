/**
 * Proof on the instance itself: a throwaway user, a real token through the bound
 * function, and its claims compared.
 *
 * @module
 */
import { claimsReply } from "../../lib/claims/reply.ts";
import type { Config } from "../../lib/config/settings.ts";
import { decodeJwt } from "jose";
import { clientCredentials, roleScopes } from "../zitadel/login.ts";
import { chooseLiveRole } from "./choose_live_role.ts";
import type { Facts } from "./gather.ts";
import { type Finding, finding } from "./finding.ts";
import { createLiveUser, type LiveUser } from "./live_user.ts";

/** Tokens that are asked for: the first meets an empty cache, the others not. */
const TOKENS = 6;

/**
 * Gets real tokens through the bound function, by a throwaway user who is
 * removed again, also if something fails or the signal aborts.
 *
 * @throws {Error} If what it needs cannot be created or removed.
 */
export async function proveLive(
  facts: Facts,
  { signal, onProgress }: {
    readonly signal: AbortSignal;
    readonly onProgress?: (what: string) => void;
  },
): Promise<Finding> {
  const { admin, config: { value: config }, credential } = facts;
  if (!admin || !config || !credential?.value) {
    const seen =
      "not tried: the settings, the credential or the admin token cannot be used";
    return finding("live", "warning", seen);
  }
  const chosen = chooseLiveRole(facts, config);
  if (typeof chosen === "string") {
    return finding("live", "warning", `not tried: ${chosen}`, {
      fix:
        "get a token of an application and look at its claims (`deno task dev`)",
    });
  }
  onProgress?.("creating a throwaway user");
  await using user = await createLiveUser({ admin, config, signal }, chosen);
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
    const claims = decodeJwt(accessToken);
    const wrong = Object.entries(expected).find(([name, value]) =>
      !isSame(claims[name], value)
    );
    if (wrong) return describeWrong(claims[wrong[0]], wrong);
  }
  const [cold, ...warm] = times;
  const [fastest, slowest] = [Math.min(...warm), Math.max(...warm)];
  const seen = `${TOKENS} tokens each held ${describeGranted(user)}`;
  const took =
    `the first took ${cold} ms, the others ${fastest} to ${slowest} ms`;
  return finding("live", "ok", `${seen}; ${took}`);
}

function describeGranted({ permissions, role, mapping }: LiveUser): string {
  const { length } = permissions;
  if (length === 0) {
    return "the empty claim of a role without an entry, made for this check since no role has fewer permissions than another";
  }
  const what = length === 1 ? "permission" : `${length} permissions`;
  // It was not the operator's mapping that was used.
  const where = mapping
    ? " in a throwaway organization, with a mapping of its own: your organizations' entries are checked separately"
    : "";
  return `the ${what} of ${role}${where}`;
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
