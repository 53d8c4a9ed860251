import type { Credential } from "../../lib/config/credential.ts";
import type { Instance } from "../zitadel/client.ts";
import { EXPIRY_WARNING_DAYS, listCredentials } from "../zitadel/credential.ts";
import type { Me } from "../zitadel/user.ts";
import { type Answer, answer } from "./answer.ts";
import type { Facts } from "./facts.ts";
import type { FindingDetails, Report } from "./finding.ts";
import { count } from "./names.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const ADMIN_EXPIRY = {
  why:
    "without an administrator's token interruptOnError cannot be turned off when logins fail",
  fix:
    "create a new one for the service user (console: Users > Service Users > Personal Access Tokens)",
} as const;

/** Judges when the credential and the admin token expire. */
export async function judgeExpiry(facts: Facts, report: Report) {
  const { config, credential, reader, admin, owner = reader, me, now } = facts;
  const { ZITADEL_ADMIN_TOKEN: token, ZITADEL_ADMIN_KEY_FILE: file } =
    facts.options.settings;
  // A token that was requested for a key file ends within hours.
  if (admin && me && token && !file) {
    const kind = "personal_access_token";
    const { value } = await askExpiries(admin, { kind, token }, me);
    if (value) judgeEnd(["the admin token", value, now], report, ADMIN_EXPIRY);
  }
  if (!config.value || !credential?.value || !owner) return;
  const own = config.value.credential;
  const { value, problem } = await askExpiries(owner, own, credential.value);
  if (value) judgeEnd(["the credential", value, now], report);
  else report("expiry", "note", `not known: ${problem.text}`);
}

/**
 * Finds out when a user's credential expires, in milliseconds since 1970: several
 * times if it is not known which of them it is, none if it does not expire.
 */
async function askExpiries(
  instance: Instance,
  credential: Credential,
  { organization, id: user }: Me,
): Promise<Answer<readonly number[]>> {
  if (credential.kind === "client_credentials") return { value: [] };
  const key = credential.kind === "jwt_profile" ? credential.key : undefined;
  if (key?.expirationDate) return { value: [Date.parse(key.expirationDate)] };
  return await answer(async () => {
    const all = await listCredentials(instance, { organization, user });
    return all.filter((it) => key ? it.id === key.keyId : it.kind === "pat")
      .flatMap(({ expiresAt }) => expiresAt ?? []);
  });
}

function judgeEnd(
  [what, times, now]: [what: string, times: readonly number[], now: number],
  report: Report,
  details: FindingDetails = {},
): void {
  if (times.length === 0) {
    return report("expiry", "ok", `${what} does not expire`);
  }
  const ahead = times.filter((time) => time > now);
  if (ahead.length === 0) {
    return report("expiry", "broken", `${what} has expired`, details);
  }
  const first = Math.min(...ahead);
  const which = ahead.length === 1
    ? what
    : `${what}, if it is the first of its user's ${ahead.length} tokens,`;
  const level = isSoon(first, now) ? "warning" : "ok";
  report("expiry", level, `${which} ${describeEnd(first, now)}`, details);
}

/** Reports whether something that ends is to be replaced by now. */
export function isSoon(end: number, now: number): boolean {
  return end - now < EXPIRY_WARNING_DAYS * DAY_MS;
}

export function describeEnd(end: number, now: number): string {
  const date = new Date(end).toISOString().slice(0, 10);
  const days = count(Math.floor((end - now) / DAY_MS), "day");
  return `expires on ${date}, in ${days}`;
}
