/** Where webhook catchers, gateways, browsers and loggers put a request or its body. */
const BODY_FIELDS = [
  "body",
  "rawBody",
  "raw_body",
  "content",
  "payload",
  "data",
  "text",
  "postData",
  "request",
  "requests",
  "message",
  "log",
  "entries",
] as const;

/** More wrappings than any of them adds: a text could be wrapped without end. */
const MAX_WRAPPINGS = 6;

const RAW_REQUEST = /^[A-Z]+ \S+ HTTP\/[\d.]+\r?\n/;
const BASE64 = /^[\w+/-]+={0,2}$/;
const JWE = /^[\w-]+(?:\.[\w-]*){4}$/;
const JWT = /^(?:Bearer\s+)?([\w-]+\.([\w-]+)\.[\w-]*)$/i;

/**
 * Finds the payload in what was pasted: a raw HTTP request, an exported
 * `{headers, body}` or a list of one, base64, JSON in a JSON string, or within
 * other text, such as a curl command.
 *
 * @returns The payload as ZITADEL sent it; JSON that holds none, as it is.
 * @throws {Error} If it is an access token, holds several requests, or is nothing of that kind.
 */
export function unwrapCapture(text: string, wrappings = 0): string {
  const trimmed = text.trim();
  if (wrappings > MAX_WRAPPINGS) return trimmed;
  const unwrap = (inner: string) => unwrapCapture(inner, wrappings + 1);
  if (RAW_REQUEST.test(trimmed)) {
    const [, ...body] = trimmed.split(/\r?\n\r?\n/);
    return unwrap(body.join("\n\n"));
  }
  const [, token, claims] = JWT.exec(trimmed) ?? [];
  if (token) {
    refuseTokenClaims(parseJson(decodeBase64(claims!) ?? ""));
    return token;
  }
  if (JWE.test(trimmed)) return trimmed;
  const base64 = trimmed.replace(/^data:[^,]*,/, "").replaceAll(/\s/g, "");
  const decoded = BASE64.test(base64) ? decodeBase64(base64) : undefined;
  if (decoded && /^\s*[[{"]|^ey|^[A-Z]+ /.test(decoded)) {
    return unwrap(decoded);
  }
  const json = parseJson(trimmed);
  if (json === undefined) {
    const inner = /\{[^]*\}/.exec(trimmed)?.[0];
    if (inner && parseJson(inner)) return unwrap(inner);
    throw new Error(
      "Cannot explain this: it is not JSON, nor base64 of it, but perhaps an opaque access token. What is needed is the request that ZITADEL sends to the function: get it by `deno task record`",
    );
  }
  if (typeof json === "string") return unwrap(json);
  if (Array.isArray(json)) {
    if (json.length === 1) return unwrap(JSON.stringify(json[0]));
    throw new Error(
      `Cannot explain ${json.length} requests at once: give one of them`,
    );
  }
  refuseTokenClaims(json);
  const body = bodyOf(json);
  return body === undefined ? trimmed : unwrap(body);
}

/** The body that an exported request holds; `undefined` for a payload itself. */
function bodyOf(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  if ("function" in json || "event_type" in json) return undefined;
  const record = json as Record<string, unknown>;
  const found = BODY_FIELDS.map((name) => record[name])
    .find((it) => it && (typeof it === "string" || typeof it === "object"));
  return found === undefined || typeof found === "string"
    ? found
    : JSON.stringify(found);
}

/** A payload as a JWT holds the call; claims of an issuer without one are those of a token. */
function refuseTokenClaims(claims: unknown): void {
  if (typeof claims !== "object" || claims === null) return;
  if ("function" in claims || "event_type" in claims) return;
  if (!("iss" in claims) && !("access_token" in claims)) return;
  throw new Error(
    "Cannot explain this: it is an access token or an ID token, and what is needed is the request that ZITADEL sends to the function before it issues one. Get that by `deno task record`; `deno task dev` explains tokens",
  );
}

function decodeBase64(text: string): string | undefined {
  const alphabet = /[-_]/.test(text) ? "base64url" : "base64";
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
