/**
 * Answers recorded from real instances, given back byte for byte.
 *
 * @module
 */
import { z } from "zod";

const ORGANIZATION_HEADER = "x-zitadel-orgid";

/** A gRPC-web call and its answer, framed as they were on the wire. */
export interface RecordedExchange {
  /** The recording's name, for those that read about it. */
  readonly name: string;
  /** Which release it is from. */
  readonly source: string;
  /** The call. */
  readonly request: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body_base64: string;
  };
  /** The answer. */
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body_base64: string;
  };
  /** What ZITADEL's client library made of it: entries with their values as text, or an error. */
  readonly client_saw:
    | {
      readonly metadata: readonly (readonly [key: string, value: string])[];
      readonly totalResult: string;
    }
    | { readonly error: string; readonly code: number };
}

const RecordedExchangeSchema: z.ZodType<RecordedExchange> = z.object({
  name: z.string(),
  source: z.string(),
  request: z.object({
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body_base64: z.base64(),
  }),
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body_base64: z.base64(),
  }),
  client_saw: z.union([
    z.strictObject({
      metadata: z.array(z.tuple([z.string(), z.string()])),
      totalResult: z.string(),
    }),
    z.strictObject({ error: z.string(), code: z.int() }),
  ]),
});

/** An upstream of recorded answers. */
export interface RecordedUpstream {
  /** Sends a request to it. */
  readonly fetch: typeof fetch;
  /** The requests it answered, with the exchange it answered from. */
  readonly calls: readonly { exchange: RecordedExchange; body: Uint8Array }[];
  /** The names of the exchanges it never answered from. */
  unused(): string[];
}

/**
 * Reads a recorded exchange.
 *
 * @param file The file.
 * @returns The exchange.
 * @throws {TypeError} Where the file does not hold one.
 */
export async function readRecordedExchange(
  file: URL,
): Promise<RecordedExchange> {
  const parsed = RecordedExchangeSchema.safeParse(
    JSON.parse(await Deno.readTextFile(file)),
  );
  if (parsed.success) return parsed.data;
  throw new TypeError(
    `Cannot read the recorded exchange ${file}:\n${
      z.prettifyError(parsed.error)
    }`,
  );
}

/**
 * Makes an upstream that gives recorded answers to the calls they were given
 * to, told apart by path and, where that has it, the organization's header.
 *
 * @param exchanges The exchanges; of two for one call the first counts.
 * @param otherwise Answers what was not recorded.
 * @returns The upstream.
 */
export function createRecordedUpstream(
  exchanges: readonly RecordedExchange[],
  otherwise: typeof fetch = refuse,
): RecordedUpstream {
  const calls: { exchange: RecordedExchange; body: Uint8Array }[] = [];
  return {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      const exchange = exchanges.find(({ request: { path, headers } }) =>
        path === pathname &&
        (headers[ORGANIZATION_HEADER] ?? null) ===
          request.headers.get(ORGANIZATION_HEADER)
      );
      if (!exchange) return await otherwise(request);
      calls.push({ exchange, body: await request.bytes() });
      const { status, headers, body_base64 } = exchange.response;
      return new Response(Uint8Array.fromBase64(body_base64), {
        status,
        headers: { ...headers },
      });
    },
    calls,
    unused: () => {
      const used = new Set(calls.map(({ exchange }) => exchange.name));
      return exchanges.map(({ name }) => name).filter((name) =>
        !used.has(name)
      );
    },
  };
}

function refuse(input: RequestInfo | URL): Promise<Response> {
  const url = input instanceof Request ? input.url : input;
  return Promise.reject(
    new TypeError(`Cannot answer ${url}: nothing was recorded for it`),
  );
}
