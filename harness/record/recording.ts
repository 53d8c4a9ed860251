import { createHash } from "node:crypto";
import {
  type Config,
  readConfig,
  type SettingName,
  SETTINGS,
} from "../../lib/config/settings.ts";
import type { Settings } from "../cli/settings.ts";
import { createPayloadOpener } from "../function/open_payload.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import { roleGrants, userOrganizationOf } from "../../lib/claims/grants.ts";
import {
  type Event,
  type FunctionCall,
  isEvent,
  parsePayload,
} from "../../lib/request/payload.ts";
import { createFixtureFunction } from "../fixtures/fixture_function.ts";
import {
  type Fixture,
  type FixtureOrganization,
  requestOf,
  signFixture,
} from "../fixtures/fixture.ts";
import { connect } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { CANARY_FUNCTION } from "../function/canary.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { createPseudonymizer, type Pseudonymize } from "./pseudonyms.ts";

/** Signs recordings; the real key is never stored. */
const SIGNING_KEY = "SigningKeyOfEveryRecording0000000000";

/** Headers that ZITADEL itself sends; a proxy's may hold people's addresses. */
const KEPT_HEADERS = ["accept-encoding", "content-type", "user-agent"];

export interface RecordedCall {
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** When it was received, in milliseconds since 1970. */
  readonly time: number;
}

/** Turns a call into a fixture; `undefined` if the call is not ZITADEL's. */
export type Recorder = (call: RecordedCall) => Promise<Fixture | undefined>;

/**
 * Creates a recorder of a function's calls. Its fixtures hold no personal data:
 * texts and ids are replaced by pseudonyms, the signature is computed with
 * another key, and only the metadata entries of the call's roles are kept.
 */
export async function createRecorder(
  settings: Settings,
): Promise<Recorder> {
  const config = readConfig(settings);
  const pseudonymize = createPseudonymizer(config.signingKeys[0]!);
  const open = await createPayloadOpener(config, fetch);
  return async ({ headers, body, time }) => {
    // A signed or encrypted payload is stored as JSON: only ZITADEL can sign it.
    const payload = await open(body);
    const call = parsePayload(payload);
    const called = isEvent(call) ? call.event_type : call.function;
    if (called === CANARY_FUNCTION) return undefined;
    const metadata = await gatherMetadata(config, { call, pseudonymize });
    const text = JSON.stringify(pseudonymize(payload));
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
    const kind = called.replace("function/", "").replace(/\W+/g, "_");
    const clock = new Date(time).toISOString();
    const unsigned: Fixture = {
      name: `${kind}_${hash}`,
      description:
        `A call for ${called}, with pseudonyms for everything personal`,
      source: `recorded from ZITADEL on ${clock.slice(0, 10)}`,
      clock,
      signing_key: SIGNING_KEY,
      request: {
        method: "POST",
        path: "/",
        headers: Object.fromEntries(
          [...headers].filter(([name]) => KEPT_HEADERS.includes(name)),
        ),
        body: text,
      },
      ...settingsFor(settings, pseudonymize),
      ...metadata,
      expected: { status: 200, body: {} },
    };
    const fixture = signFixture(unsigned, { now: time });
    return { ...fixture, expected: await replyTo(fixture) };
  };
}

/** The expected reply: what the function answers today. */
async function replyTo(fixture: Fixture): Promise<Fixture["expected"]> {
  const { handle } = await createFixtureFunction(fixture);
  const response = await handle(requestOf(fixture, "http://localhost"));
  return { status: response.status, body: await response.json() };
}

/** The settings that decide a reply, and as what the ids in them are pseudonymized. */
const KEPT_SETTINGS = {
  METADATA_ORGANIZATION: "id",
  PROJECTS: "project_id",
  GRANTED_BY: "id",
  APPLICATIONS: "client_id",
  IMPERSONATION: undefined,
  PERMISSIONS_CLAIM: undefined,
  PERMISSIONS_SHAPE: undefined,
  ROLES_CLAIM: undefined,
} as const satisfies Partial<Record<SettingName, string | undefined>>;

/** Values that name a kind of organization, not one. */
const KEYWORDS: ReadonlySet<string> = new Set(["user", "grant"]);

function settingsFor(
  settings: Settings,
  pseudonymize: Pseudonymize,
): Pick<Fixture, "settings"> {
  const kept: Record<string, string> = {};
  for (const [name, key] of Object.entries(KEPT_SETTINGS)) {
    const value = settings[name];
    const setting: { readonly default?: string } =
      SETTINGS[name as SettingName];
    if (!value || value === setting.default) continue;
    kept[name] = key === undefined ? value : value.split(",")
      .map((item) => item.trim())
      .map((id) => KEYWORDS.has(id) ? id : pseudonymize({ [key]: id })[key])
      .join(",");
  }
  return Object.keys(kept).length > 0 ? { settings: kept } : {};
}

/**
 * The entries of the call's roles, of the organizations whose mappings count.
 */
async function gatherMetadata(
  config: Config,
  { call, pseudonymize }: {
    call: FunctionCall | Event;
    pseudonymize: Pseudonymize;
  },
): Promise<Pick<Fixture, "organizations" | "api">> {
  const grants = isEvent(call) ? [] : roleGrants(call, config);
  if (isEvent(call) || grants.length === 0) return { organizations: {} };

  const instance = connect(config.origin, await getServiceToken(config));
  const organizationOf = chooseOrganization(
    config.metadataOrganization,
    userOrganizationOf(call),
  );
  // By organization: the keys that may grant something, and their pseudonyms.
  const keys = new Map<string, Map<string, string>>();
  for (const { projectId, organization: grantedBy, roles } of grants) {
    const organization = organizationOf(grantedBy);
    const wanted = keys.get(organization) ?? new Map();
    const shown = pseudonymize({ project_id: projectId, roles });
    for (const [index, role] of roles.entries()) {
      const name = shown.roles[index]!;
      wanted.set(role, name);
      wanted.set(`${projectId}:${role}`, `${shown.project_id}:${name}`);
    }
    keys.set(organization, wanted);
  }
  const organizations: Record<string, FixtureOrganization> = {};
  let api: Fixture["api"];
  for (const [organization, wanted] of keys) {
    const [visible] = await listOrganizations(instance, { id: organization });
    const readable = visible !== undefined;
    const metadata: Record<string, string> = {};
    if (readable) {
      const listed = await listMetadata(instance, organization);
      api = listed.api;
      for (const { key, value } of listed.entries) {
        const name = wanted.get(key);
        if (name !== undefined) metadata[name] = value.toBase64();
      }
    }
    organizations[pseudonymize(organization)] = { readable, metadata };
  }
  return { organizations, ...api && { api } };
}
