import type { Config } from "../../lib/config.ts";
import { readConfig } from "../../lib/config.ts";
import { createEnvelopeOpener } from "../../lib/request/envelope.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import { roleGrants } from "../../lib/claims/grants.ts";
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
import { listMetadata, type MetadataApi } from "../zitadel/metadata.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { CANARY_FUNCTION } from "../function/canary.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { createDisguise, type Disguise } from "./pseudonyms.ts";

/** Signs recordings; the real key is never kept. */
const STAND_IN_KEY = "StandInForTheSigningKeyOfARecording0";

/** Headers that ZITADEL itself sends; those of proxies may name people's addresses. */
const KEPT_HEADERS = ["accept-encoding", "content-type", "user-agent"];

const API_NAMES: Readonly<Record<MetadataApi, NonNullable<Fixture["api"]>>> = {
  v2: "v2",
  v2beta: "v2beta",
  "management_v1": "management_v1",
};

/** A call as it came. */
export interface RecordedCall {
  /** Its headers. */
  readonly headers: Headers;
  /** Its body, as sent. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** When it came, in milliseconds since 1970. */
  readonly time: number;
}

/** Makes a fixture of a call, `undefined` of one that is not ZITADEL's. */
export type Recorder = (call: RecordedCall) => Promise<Fixture | undefined>;

/**
 * Makes the recorder of a function's calls. What it makes holds nobody's data:
 * texts and ids are replaced by stand-ins, the signature is made anew, and of
 * the organizations' metadata only the entries of the call's roles are kept.
 *
 * @param settings The function's settings, by name.
 * @returns The recorder.
 * @throws {TypeError} Where the settings are not complete.
 */
export async function createRecorder(
  settings: Readonly<Record<string, string | undefined>>,
): Promise<Recorder> {
  const config = readConfig(settings);
  const disguise = await createDisguise(config.signingKeys[0]!);
  const open = await createEnvelopeOpener({
    origin: config.origin,
    privateKey: config.payloadPrivateKey,
    timeoutMs: config.upstreamTimeoutMs,
    fetch,
  });
  return async ({ headers, body, time }) => {
    // An encrypted or signed payload is kept as JSON: nobody else could sign it.
    const payload = await open(body);
    const call = parsePayload(payload);
    const called = isEvent(call) ? call.event_type : call.function;
    if (called === CANARY_FUNCTION) return undefined;
    const { organizations, api } = await gatherMetadata(config, {
      call,
      disguise,
    });
    const text = JSON.stringify(disguise(payload));
    const unsigned: Fixture = {
      name: `${
        called.replace("function/", "").replaceAll(".", "_")
      }_${await shortHash(text)}`,
      description:
        `A call for ${called}, with stand-ins for all that is about people`,
      source: `recorded from ZITADEL on ${
        new Date(time).toISOString().slice(0, 10)
      }`,
      clock: new Date(time).toISOString(),
      signing_key: STAND_IN_KEY,
      request: {
        method: "POST",
        path: "/",
        headers: Object.fromEntries(
          [...headers].filter(([name]) => KEPT_HEADERS.includes(name)),
        ),
        body: text,
      },
      ...settingsFor(config, disguise),
      ...(api && { api }),
      organizations,
      expected: { status: 200, body: {} },
    };
    const fixture = await signFixture(unsigned, { now: time });
    return { ...fixture, expected: await replyTo(fixture) };
  };
}

/** Says what is right: what the function, as it is now, answers. */
async function replyTo(fixture: Fixture): Promise<Fixture["expected"]> {
  const { handle } = await createFixtureFunction(fixture);
  const response = await handle(requestOf(fixture, "http://localhost"));
  return { status: response.status, body: await response.json() };
}

function settingsFor(
  { metadataOrganization, claim }: Config,
  disguise: Disguise,
): Pick<Fixture, "settings"> {
  const isFixed = metadataOrganization !== "user" &&
    metadataOrganization !== "grant";
  const settings = {
    ...(metadataOrganization !== "user" && {
      METADATA_ORGANIZATION: isFixed
        ? disguise(metadataOrganization)
        : metadataOrganization,
    }),
    ...(claim !== "permissions" && { PERMISSIONS_CLAIM: claim }),
  };
  return Object.keys(settings).length > 0 ? { settings } : {};
}

/** The entries of the call's roles, of the organizations whose mappings count. */
async function gatherMetadata(
  config: Config,
  { call, disguise }: { call: FunctionCall | Event; disguise: Disguise },
): Promise<Pick<Fixture, "organizations" | "api">> {
  const grants = isEvent(call) ? [] : roleGrants(call.user_grants);
  if (isEvent(call) || grants.length === 0) return { organizations: {} };

  const instance = connect(config.origin, await getServiceToken(config));
  const organizationOf = chooseOrganization(
    config.metadataOrganization,
    call.org?.id ?? call.user?.resource_owner ?? undefined,
  );
  // By organization: the keys that may grant something, and their stand-ins.
  const keys = new Map<string, Map<string, string>>();
  for (const { projectId, resourceOwner, roles } of grants) {
    const organization = organizationOf(resourceOwner);
    const wanted = keys.get(organization) ?? new Map();
    const shown = disguise({ project_id: projectId, roles });
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
      api = API_NAMES[listed.api];
      for (const { key, value } of listed.entries) {
        const name = wanted.get(key);
        if (name !== undefined) metadata[name] = value.toBase64();
      }
    }
    organizations[disguise(organization)] = { readable, metadata };
  }
  return { organizations, api };
}

async function shortHash(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex().slice(0, 8);
}
