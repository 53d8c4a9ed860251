import { createEnvelopeOpener } from "../../lib/request/envelope.ts";
import { createMetadataReader } from "../../lib/zitadel/metadata_reader.ts";
import { type FunctionCall, parsePayload } from "../../lib/request/payload.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { createAccessTokenSource } from "../../lib/zitadel/access_token.ts";
import { settingsOf } from "../fixtures/fixture_function.ts";
import { type Fixture, parseFixture } from "../fixtures/fixture.ts";
import { createUpstream } from "../fixtures/upstream.ts";
import type { MappingOf } from "./explain.ts";
import {
  buildFromSettings,
  readFunctionConfig,
} from "../cli/function_config.ts";
import type { Mapping } from "../roles/roles_file.ts";

/** A call to be explained, and where its mappings come from. */
export interface ExplainSource {
  /** The call. */
  readonly call: FunctionCall;
  /** Gives an organization's mapping. */
  readonly mappingOf: MappingOf;
  /** The setting METADATA_ORGANIZATION. */
  readonly metadataOrganization: string;
}

/**
 * Reads what is to be explained: a fixture, which brings its mappings, or a
 * payload as ZITADEL sent it (JSON, JWT or JWE), whose mappings come from a
 * mapping file or from the instance.
 *
 * @param text The fixture or the payload.
 * @param options The function's settings by name, and the mapping file's
 * content, where there is one.
 * @returns The call, and where its mappings come from.
 * @throws {SettingsError} If settings are missing.
 * @throws {Error} If the text is neither.
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
  const body = fixture?.request.body ?? text.trim();

  // A plain payload and a mapping file need no settings at all.
  const isBare = mapping !== undefined && body.startsWith("{");
  const config = isBare ? undefined : await readFunctionConfig(settings);
  const open = await buildFromSettings(() =>
    createEnvelopeOpener({
      origin: config?.origin ?? "",
      privateKey: config?.payloadPrivateKey,
      timeoutMs: config?.upstreamTimeoutMs ?? 0,
      fetch: send,
    })
  );
  const call = parsePayload(await open(new TextEncoder().encode(body)));
  if ("event_type" in call) {
    throw new Error(
      `Nothing to explain: this is the event ${call.event_type}, which is answered with {}`,
    );
  }
  const metadataOrganization = config?.metadataOrganization ??
    (settings.METADATA_ORGANIZATION || "user");
  if (mapping !== undefined || config === undefined) {
    const permissions = mapping ?? new Map();
    const mappingOf = () => Promise.resolve({ permissions, problems: [] });
    return { call, mappingOf, metadataOrganization };
  }
  const upstreamOptions = {
    origin: config.origin,
    timeoutMs: config.upstreamTimeoutMs,
    fetch: send,
    now: Date.now,
  };
  const readMetadata = createMetadataReader({
    ...upstreamOptions,
    token: createAccessTokenSource(config.credential, {
      ...upstreamOptions,
      log: () => {},
    }),
  });
  return {
    call,
    mappingOf: async (organization) =>
      parseRoleMapping(await readMetadata(organization)),
    metadataOrganization,
  };
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
