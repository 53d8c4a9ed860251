/**
 * Fixtures: one call of the function each, with the metadata it is answered
 * from and the reply that is right.
 *
 * @module
 */
import { z } from "zod";
import { type SettingName, SETTINGS } from "../lib/config.ts";
import { METADATA_APIS, type MetadataApi } from "../lib/metadata_api.ts";
import { signPayload } from "../lib/signature.ts";

/** The folder of the project's fixtures. */
export const FIXTURES_URL: URL = new URL("../fixtures/", import.meta.url);

/** The part of it that holds recorded data and no fixtures. */
const RECORDED_FOLDER = "recorded/";

const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
const SIGNATURE_HEADER = "zitadel-signature";

/** An organization, as far as a fixture has to describe it. */
export interface FixtureOrganization {
  /** Whether the service user may read it. */
  readonly readable: boolean;
  /** Its metadata: values in base64, since they are any bytes. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A reply of the function: its status, and its body as parsed from JSON. */
export interface Reply {
  /** The HTTP status. */
  readonly status: number;
  /** The body; a text where it is not JSON. */
  readonly body: unknown;
}

/** A call of the function, and the reply that is right. */
export interface Fixture {
  /** The file's path in the folder, without `.json`. */
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly description: string;
  /** Where the request is from; for a made one what was changed in which fixture. */
  readonly source: string;
  /** When the request came, as an ISO time; its signature is valid then. */
  readonly clock: string;
  /** The target's signing key. */
  readonly signing_key: string;
  /** The request, its body as it was sent. */
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** The function's settings where they are not the defaults. */
  readonly settings?:
    | Readonly<Partial<Record<SettingName, string>>>
    | undefined;
  /** The best API for metadata that the release has; `v2` where absent. */
  readonly api?: MetadataApi | undefined;
  /** The organizations that the function asks for, by id: all of them and no others. */
  readonly organizations: Readonly<Record<string, FixtureOrganization>>;
  /** The instance's public keys, for payloads that it signs. */
  readonly jwks?: {
    readonly keys: readonly Readonly<Record<string, string>>[];
  } | undefined;
  /** The reply that is right. */
  readonly expected: Reply;
}

const FixtureSchema: z.ZodType<Fixture> = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1),
  source: z.string().regex(
    /^(recorded from ZITADEL .+|made from \S+: .+)$/,
    "must be 'recorded from ZITADEL ...' or 'made from <fixture>: <what was changed>'",
  ),
  clock: z.iso.datetime(),
  signing_key: z.string().min(1),
  request: z.strictObject({
    method: z.string(),
    path: z.string().startsWith("/"),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
  settings: z.partialRecord(z.enum(SETTING_NAMES), z.string()).optional(),
  api: z.enum(METADATA_APIS).optional(),
  organizations: z.record(
    z.string(),
    z.strictObject({
      readable: z.boolean(),
      metadata: z.record(z.string(), z.base64()),
    }),
  ),
  jwks: z.strictObject({
    keys: z.array(z.record(z.string(), z.string())),
  }).optional(),
  expected: z.strictObject({ status: z.int(), body: z.json() }),
});

/**
 * Finds the files of the project's fixtures.
 *
 * @param folder The folder to look in, with those below it.
 * @returns The files, in the order of their paths.
 */
export async function findFixtures(folder: URL = FIXTURES_URL): Promise<URL[]> {
  const found: URL[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory && `${entry.name}/` !== RECORDED_FOLDER) {
      found.push(...await findFixtures(new URL(`${entry.name}/`, folder)));
    } else if (entry.isFile && entry.name.endsWith(".json")) {
      found.push(new URL(entry.name, folder));
    }
  }
  return found.sort((a, b) => a.href < b.href ? -1 : 1);
}

/**
 * Reads a fixture.
 *
 * @param file The file.
 * @returns The fixture.
 * @throws {TypeError} Where the file is not a fixture, with everything that is wrong in it.
 */
export async function readFixture(file: URL | string): Promise<Fixture> {
  return parseFixture(await Deno.readTextFile(file), file);
}

/**
 * Reads a fixture's text.
 *
 * @param text The text.
 * @param file Where it is from, for the messages.
 * @returns The fixture.
 * @throws {TypeError} Where the text is not a fixture, with everything that is wrong in it.
 */
export function parseFixture(text: string, file: URL | string): Fixture {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`Cannot read the fixture ${file}: it is not JSON`, {
      cause,
    });
  }
  const parsed = FixtureSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new TypeError(
    `Cannot read the fixture ${file}:\n${z.prettifyError(parsed.error)}`,
  );
}

/**
 * Writes a fixture, in the form in which they are kept.
 *
 * @param file The file.
 * @param fixture The fixture.
 */
export async function writeFixture(
  file: URL | string,
  fixture: Fixture,
): Promise<void> {
  await Deno.writeTextFile(file, `${JSON.stringify(fixture, null, 2)}\n`);
}

/**
 * Makes a fixture's request.
 *
 * @param fixture The fixture.
 * @param base Where the function is.
 * @returns The request as it was recorded, signature and all.
 */
export function requestOf(fixture: Fixture, base: string | URL): Request {
  const { method, path, headers, body } = fixture.request;
  return new Request(new URL(path, base), {
    method,
    headers: withoutTransport(headers),
    body,
  });
}

/**
 * Signs a fixture's request anew.
 *
 * @param fixture The fixture.
 * @param options The signing key, by default the fixture's, and the time in milliseconds since 1970.
 * @returns The fixture with a request that is valid at that time.
 */
export async function signFixture(
  fixture: Fixture,
  { now, key = fixture.signing_key }: { now: number; key?: string },
): Promise<Fixture> {
  const { request } = fixture;
  const signature = await signPayload(
    key,
    Math.floor(now / 1000),
    request.body,
  );
  const length = new TextEncoder().encode(request.body).length;
  return {
    ...fixture,
    request: {
      ...request,
      headers: {
        ...request.headers,
        "content-length": String(length),
        [SIGNATURE_HEADER]: signature,
      },
    },
  };
}

/** Leaves out what belongs to the recorded connection; `fetch` sets its own. */
function withoutTransport(headers: Fixture["request"]["headers"]): Headers {
  const kept = new Headers({ ...headers });
  for (const name of ["host", "content-length", "accept-encoding"]) {
    kept.delete(name);
  }
  return kept;
}
