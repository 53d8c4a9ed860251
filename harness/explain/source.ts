import { createPayloadOpener } from "../function/open_payload.ts";
import { createMetadataReader } from "../../lib/zitadel/metadata_reader.ts";
import {
  type FunctionCall,
  isEvent,
  parsePayload,
} from "../../lib/request/payload.ts";
import {
  createRoleMapping,
  MAX_MAPPING_BYTES,
  MAX_VALUE_BYTES,
  parseRoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { connectionTo } from "../zitadel/connection.ts";
import { createAccessTokenSource } from "../../lib/zitadel/access_token.ts";
import { settingsOf } from "../fixtures/fixture_function.ts";
import { type Fixture, parseFixture } from "../fixtures/fixture.ts";
import { createUpstream } from "../sandbox/upstream.ts";
import type { ExplainRules, MappingOf } from "./explain.ts";
import { unwrapCapture } from "./unwrap_capture.ts";
import {
  buildFromSettings,
  readFunctionConfig,
} from "../cli/function_config.ts";
import type { Mapping } from "../mapping/parse_roles.ts";

/** The call to explain, and where its mappings come from. */
export interface ExplainSource {
  readonly call: FunctionCall;
  readonly mappingOf: MappingOf;
  readonly rules: ExplainRules;
}

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
): Promise<ExplainSource> {
  const fixture = asFixture(text);
  const { mapping } = options;
  const upstream = fixture && createUpstream(fixture);
  const send = upstream?.fetch ?? fetch;
  const settings = fixture ? settingsOf(fixture) : options.settings;
  const body = fixture?.request.body ?? unwrapCapture(text);

  // A plain payload and a mapping file need no settings.
  const isBare = mapping !== undefined && body.startsWith("{");
  const config = isBare ? undefined : await readFunctionConfig(settings);
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
  const rules = config ??
    { metadataOrganization: settings.METADATA_ORGANIZATION || "user" };
  if (mapping !== undefined || config === undefined) {
    const roleMapping = createRoleMapping(mapping ?? new Map());
    const mappingOf = () => Promise.resolve(roleMapping);
    return { call, mappingOf, rules };
  }
  const connection = connectionTo({
    domainOrigin: config.origin,
    internalOrigin: config.internalOrigin,
    timeoutMs: config.upstreamTimeoutMs,
    fetch: send,
  });
  const readMetadata = createMetadataReader({
    connection,
    token: createAccessTokenSource(config.credential, {
      connection,
      log: () => {},
    }),
    maxValueBytes: MAX_VALUE_BYTES,
    maxKeptBytes: MAX_MAPPING_BYTES,
  });
  return {
    call,
    mappingOf: async (organization) => {
      const entries = await readMetadata(
        organization,
        connection.startDeadline(),
      );
      return { ...parseRoleMapping(entries), entries };
    },
    rules,
  };
}

function parsePayloadText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("Cannot read the payload: it is not JSON");
  }
}

function asFixture(text: string): Fixture | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isFixture = typeof json === "object" && json !== null &&
    "request" in json && "expected" in json;
  return isFixture ? parseFixture(text, "given") : undefined;
}
