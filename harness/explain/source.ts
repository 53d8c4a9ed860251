import { createPayloadOpener } from "../function/open_payload.ts";
import { isEvent, parsePayload } from "../../lib/request/payload.ts";
import {
  createRoleMapping,
  parseRoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { settingsOf } from "../fixtures/fixture_function.ts";
import { type Fixture, parseFixture } from "../fixtures/fixture.ts";
import { createUpstream } from "../sandbox/upstream.ts";
import type { ExplainRules } from "./explain.ts";
import { parseJson, unwrapCapture } from "./unwrap_capture.ts";
import {
  buildFromSettings,
  readFunctionConfig,
} from "../cli/function_config.ts";
import type { Mapping } from "../mapping/parse_roles.ts";
import { connect } from "../zitadel/client.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import { getServiceToken } from "../zitadel/service_token.ts";

/**
 * Reads the call to explain: a fixture, which includes its mappings, or a
 * payload as ZITADEL sent it (JSON, JWT or JWE) or a webhook catcher exported it,
 * whose mappings come from a file or from the instance.
 */
export async function readExplainSource(
  text: string,
  options: {
    readonly settings: Readonly<Record<string, string | undefined>>;
    readonly mapping?: Mapping | undefined;
  },
) {
  const fixture = asFixture(text);
  const { mapping } = options;
  const settings = fixture ? settingsOf(fixture) : options.settings;
  const body = fixture?.request.body ?? unwrapCapture(text);

  // A plain payload and a mapping file need no settings.
  const isBare = mapping !== undefined && body.startsWith("{");
  const config = isBare ? undefined : await readFunctionConfig(settings);
  const send = fixture ? createUpstream(fixture).fetch : fetch;
  const open = config &&
    await buildFromSettings(() => createPayloadOpener(config, send));
  const payload = open === undefined
    ? parsePayloadText(body)
    : await open(new TextEncoder().encode(body));
  const call = parsePayload(payload);
  if (isEvent(call)) {
    throw new Error(
      `Nothing to explain: this is the event ${call.event_type}, which is answered with {}`,
    );
  }
  const rules: ExplainRules = config ??
    { metadataOrganization: settings.METADATA_ORGANIZATION || "user" };
  if (mapping !== undefined || config === undefined) {
    const roleMapping = createRoleMapping(mapping ?? new Map());
    const mappingOf = () => Promise.resolve(roleMapping);
    return { call, mappingOf, rules };
  }
  const read = fixture
    ? (organization: string) => entriesOf(fixture, organization)
    : async (organization: string) => {
      const instance = connect(config.origin, await getServiceToken(config));
      return (await listMetadata(instance, organization)).entries;
    };
  return {
    call,
    mappingOf: async (organization: string) => {
      const entries = await read(organization);
      return { ...parseRoleMapping(entries), entries };
    },
    rules,
  };
}

function entriesOf({ organizations }: Fixture, organization: string) {
  const found = organizations[organization];
  if (!found?.readable) {
    throw new Error(`The fixture has no mapping of ${organization} to read`);
  }
  return Object.entries(found.metadata).map(([key, value]) => ({
    key,
    value: Uint8Array.fromBase64(value),
  }));
}

function parsePayloadText(text: string): unknown {
  const payload = parseJson(text);
  if (payload !== undefined) return payload;
  throw new Error("Cannot read the payload: it is not JSON");
}

function asFixture(text: string): Fixture | undefined {
  const json = parseJson(text);
  const isFixture = typeof json === "object" && json !== null &&
    "request" in json && "expected" in json;
  return isFixture ? parseFixture(text, "given") : undefined;
}
