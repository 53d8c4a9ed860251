import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../cli/terminal.ts";
import type { Fixture, Reply } from "../fixtures/fixture.ts";
import { type DeployedFunction, visibleSettings } from "./deployed_function.ts";
import {
  appendedTo,
  freshRequest,
  isObject,
  parseJson,
  readReply,
  type Verdict,
} from "./replay.ts";

/**
 * How long a function may take to reply, in milliseconds: more than ZITADEL
 * waits by default.
 */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Replays a fixture against a function that someone else runs, with metadata
 * and settings of its own.
 */
export async function replayDeployed(
  fixture: Fixture,
  deployed: DeployedFunction,
): Promise<Verdict> {
  const note = skipReason(fixture, deployed);
  if (note) return { outcome: "skipped", note };
  const { url, key } = deployed;
  const { pathname, search } = new URL(url);
  const request = {
    ...fixture.request,
    path: pathname + search,
    body: adaptBody(fixture, deployed),
  };
  const actual = await fetch(freshRequest({ ...fixture, request }, url, key), {
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).then(readReply).catch((cause) => {
    const what = `${url} gave no answer (${messageOf(cause)})`;
    throw new Error(`Cannot replay ${fixture.name}: ${what}`, { cause });
  });
  return judgeDeployed(fixture, actual, deployed);
}

/**
 * Puts real ids in the place of recorded ones, which exist only where they were
 * recorded: a function that reads the user's organization could not read it.
 */
function adaptBody(
  { request, settings = {} }: Fixture,
  { organization, project, application }: DeployedFunction,
): string {
  const payload = JSON.parse(request.body);
  const set = (part: unknown, key: string, id: string | undefined) => {
    if (isObject(part) && id !== undefined) part[key] = id;
  };
  set(payload.org, "id", organization);
  set(payload.user, "resource_owner", organization);
  // What did not count where it was recorded must not count now.
  if (isListed(payload.application?.client_id, settings.APPLICATIONS)) {
    set(payload.application, "client_id", application);
  }
  for (const grant of [payload.user_grants].flat()) {
    set(grant, "resource_owner", organization);
    if (isListed(grant?.project_id, settings.PROJECTS)) {
      set(grant, "project_id", project);
    }
  }
  return JSON.stringify(payload);
}

function isListed(id: unknown, list: string | undefined): boolean {
  return list?.split(",").includes(String(id)) ?? true;
}

/** Judges the reply of a function that reads metadata of its own. */
export function judgeDeployed(
  fixture: Fixture,
  actual: Reply,
  deployed: Pick<DeployedFunction, "settings" | "organization">,
): Verdict {
  const { expected } = fixture;
  if (isDeepStrictEqual(actual, expected)) return { outcome: "equal", actual };
  const { PERMISSIONS_CLAIM, ROLES_CLAIM } = deployed.settings;
  const own = new Set([PERMISSIONS_CLAIM, ROLES_CLAIM]);
  if (
    actual.status === expected.status &&
    isDeepStrictEqual(withoutValues(actual, own), withoutValues(expected, own))
  ) {
    return {
      outcome: "other_metadata",
      actual,
      note:
        "Only the permissions differ: that function reads other metadata than the fixtures hold",
    };
  }
  const note = noteOn(actual.status, deployed);
  return { outcome: "differs", actual, ...note && { note } };
}

function noteOn(
  status: number,
  { organization }: Pick<DeployedFunction, "organization">,
): string | undefined {
  if (status === 401) {
    return "That function does not accept the signing key any more, or its clock is off";
  }
  if (status !== 502 && status !== 504) return undefined;
  return organization === undefined
    ? "That function could not read its mapping: the fixtures' organizations exist only where they were recorded. Name one that it may read with --org"
    : `That function could not read its mapping, which is that of organization ${organization} or of METADATA_ORGANIZATION; its log has the reason`;
}

/** Why another function than the fixture's own cannot be judged by it. */
function skipReason(
  { settings = {}, jwks, expected, request }: Fixture,
  deployed: DeployedFunction,
): string | undefined {
  if (settings.PAYLOAD_PRIVATE_KEY) return "encrypted for another key";
  if (jwks) return "signed by another instance";
  if (!isFunctionCall(request)) {
    return "is no call of one of ZITADEL's functions";
  }
  if (expected.status >= 500) return "needs a ZITADEL that refuses to answer";
  if (settings.PROJECTS && deployed.project === undefined) {
    return "needs PROJECTS";
  }
  if (settings.APPLICATIONS && deployed.application === undefined) {
    return "needs APPLICATIONS";
  }
  for (const [name, wanted] of Object.entries(visibleSettings(settings))) {
    if (wanted === deployed.settings[name]) continue;
    return wanted ? `needs ${name}=${wanted}` : `needs ${name} unset`;
  }
}

const FUNCTION = /^function\/pre\w+$/;

/**
 * Reports whether a request is a call of a function: an event could make a real
 * function ignore later ones, and a canary names its process.
 */
function isFunctionCall(
  { method, path, body }: Fixture["request"],
): boolean {
  const payload = parseJson(body);
  return method === "POST" && path === "/" && isObject(payload) &&
    typeof payload.function === "string" && FUNCTION.test(payload.function) &&
    !("event_type" in payload);
}

/** A reply with the values taken out of the function's own claims or attributes. */
function withoutValues(
  { body }: Reply,
  own: ReadonlySet<string | undefined>,
): unknown {
  if (!isObject(body)) return body;
  const copy = structuredClone(body);
  for (const entry of appendedTo(copy)) {
    const name = entry.key ?? entry.name;
    if (own.has(String(name))) entry.value = emptyOf(entry.value);
  }
  return copy;
}

/** The same kind of value, with nothing in it. */
function emptyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (isObject(value)) return {};
  return typeof value === "string" ? "" : value;
}
