import { changedLines, type Mutant } from "./mutant.ts";

/** A change that no test can notice, and why. */
export interface Equivalent {
  readonly file: string;
  /** The changed lines before the change, without indent. */
  readonly before: string;
  /** The same lines after it. */
  readonly after: string;
  /** Why the behaviour is the same, or why a test would be worse than none. */
  readonly reason: string;
}

/**
 * The survivors that have an explanation. An entry that no longer fits the
 * source fails a test, so the list cannot outlive the code.
 */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: "lib/config.ts",
    before:
      'const NO_CREDENTIAL: Credential = { kind: "personal_access_token", token: "" };',
    after:
      'const NO_CREDENTIAL: Credential = { kind: "personal_access_token", token: "mutant" };',
    reason: "where it stands in, readConfig() throws",
  },
  {
    file: "lib/config/setting_reader.ts",
    before: '? value.replaceAll(/[\\r\\n\\t]/g, "")',
    after: '? value.replaceAll(/[\\r\\n\\t]/g, "mutant")',
    reason: "only whether the rest is visible counts, and letters are",
  },
  {
    file: "lib/mapping/invalidation_list.ts",
    before:
      "return { id: crypto.randomUUID(), count: 1, evicted: 1, latest: [] };",
    after:
      "return { id: crypto.randomUUID(), count: 2, evicted: 1, latest: [] };",
    reason: "numbers of one list are compared with each other only",
  },
  {
    file: "lib/request/body.ts",
    before:
      "resize(body, 0); // Frees it now, not at the next garbage collection.",
    after:
      "resize(body, 1); // Frees it now, not at the next garbage collection.",
    reason: "one byte stays until the garbage collection",
  },
  {
    file: "lib/request/body.ts",
    before: "buffer = value.buffer;",
    after: ";",
    reason: "a buffer that is not used again is replaced by a new one",
  },
  {
    file: "lib/request/envelope.ts",
    before: "if (byte > 0x20) return byte === CURLY_BRACE;",
    after: "if (byte > 33) return byte === CURLY_BRACE;",
    reason: "a body that begins with an exclamation mark is refused either way",
  },
  {
    file: "lib/services.ts",
    before: "await preloadClient();",
    after: ";",
    reason:
      "what is not loaded in the background loads at the first look-up; `deno task bench --only first-login` shows it",
  },
  {
    file: "lib/util/distinct.ts",
    before: "return values.length < 2 ? values : [...new Set(values)];",
    after: "return values.length < 1 ? values : [...new Set(values)];",
    reason: "a list of one value is copied in place of being shared",
  },
  {
    file: "lib/util/lru_map.ts",
    before: "this.#newest = key;",
    after: ";",
    reason:
      "remembering the newest key saves moving it again, which changes nothing",
  },
  {
    file: "lib/zitadel/metadata_listing.ts",
    before: "const { bytes = 0 } = error.details;",
    after: "const { bytes = 1 } = error.details;",
    reason: "one byte makes a page shrink no further than the least step",
  },
  {
    file: "lib/zitadel/metadata_reader.ts",
    before: 'await import("./metadata_api.ts");',
    after: ";",
    reason:
      "what is not loaded in the background loads at the first look-up; `deno task bench --only first-login` shows it",
  },
  {
    file: "lib/config/setting_reader.ts",
    before: "return 0;",
    after: "return 1;",
    reason: "after a problem, readConfig() throws",
  },
  {
    file: "lib/mapping/cache.ts",
    before: "#epoch = 0;",
    after: "#epoch = 1;",
    reason: "epochs are compared with each other only",
  },
  {
    file: "lib/mapping/role_mapping.ts",
    before:
      "if (colon >= 0 && isKnownProject(role.slice(0, colon))) return undefined;",
    after:
      "if (colon >= 1 && isKnownProject(role.slice(0, colon))) return undefined;",
    reason: "no project has an empty id",
  },
  {
    file: "lib/util/keep_serving.ts",
    before: "const LISTEN_RETRY_MS = 200;",
    after: "const LISTEN_RETRY_MS = 0;",
    reason: "it listens again sooner, and as long as it takes",
  },
  {
    file: "lib/zitadel/metadata_listing.ts",
    before: 'encoder.encode(`${bytes.length} ${value?.length ?? "dropped"} `),',
    after: 'encoder.encode(`${bytes.length} ${value?.length ?? ""} `),',
    reason: "an empty text differs from every length, too",
  },
  {
    file: "lib/zitadel/organization_metadata.ts",
    before:
      "const isKnown = this.#known?.api === api && this.#known.until > this.#now();",
    after:
      "const isKnown = this.#known?.api === api && this.#known.until >= this.#now();",
    reason: "one millisecond of an hour",
  },
  {
    file: "lib/zitadel/token_request.ts",
    before:
      '[oauth.allowInsecureRequests]: connection.baseUrl.startsWith("http:"),',
    after: '[oauth.allowInsecureRequests]: connection.baseUrl.startsWith(""),',
    reason: "requests to https are secure, whether or not others are allowed",
  },
];

/** Finds the explanation of a change. */
export function explain(
  source: string,
  mutant: Mutant,
  equivalents: readonly Equivalent[],
): Equivalent | undefined {
  const lines = changedLines(source, mutant);
  const before = lines.before.join("\n");
  const after = lines.after.join("\n");
  return equivalents.find((it) =>
    it.file === mutant.file && it.before === before && it.after === after
  );
}
