/** More wrappings than a catcher, gateway, browser or logger adds: a text could be wrapped without end. */
const MAX_DEPTH = 12;

const BASE64 = /^[\w+/-]+={0,2}$/;
const JWE = /^ey[\w-]+(?:\.[\w-]*){4}$/;
const JWT = /^(?:Bearer\s+)?([\w-]+\.([\w-]+)\.[\w-]*)$/i;

/**
 * Finds the payload in what was pasted: a raw HTTP request, an exported
 * `{headers, body}` or a list of one, base64, JSON in a JSON string, or within
 * other text, such as a curl command.
 *
 * @returns The payload, JSON or as it was encrypted or signed; JSON that holds none, as it is.
 * @throws {Error} If it is an access token, holds several requests, or is nothing of that kind.
 */
export function unwrapCapture(text: string): string {
  const payloads = new Set<string>();
  let isToken = false;
  const search = (value: unknown, depth = 0): void => {
    if (depth > MAX_DEPTH) return;
    const look = (inner: unknown) => search(inner, depth + 1);
    if (typeof value === "string") {
      const trimmed = value.trim();
      const [, token, claims] = JWT.exec(trimmed) ?? [];
      const inner = claims && parseJson(decodeBase64(claims) ?? "");
      if (JWE.test(trimmed)) payloads.add(trimmed);
      else if (token && isPayload(inner)) payloads.add(token);
      else look(inner ?? contentOf(trimmed));
    } else if (isPayload(value)) payloads.add(JSON.stringify(value));
    else if (typeof value === "object" && value !== null) {
      isToken ||= "iss" in value || "access_token" in value;
      Object.values(value).forEach(look);
    }
  };
  search(text);
  const [payload, ...others] = payloads;
  if (others.length > 0) {
    throw new Error(
      `Cannot explain ${payloads.size} requests at once: give one of them`,
    );
  }
  if (payload !== undefined) return payload;
  if (isToken) {
    throw new Error(
      "Cannot explain this: it is an access token or an ID token, and what is needed is the request that ZITADEL sends to the function before it issues one. Get that by `deno task record`; `deno task dev` explains tokens",
    );
  }
  if (parseJson(text) !== undefined) return text.trim();
  throw new Error(
    "Cannot explain this: it is not JSON, nor base64 of it, but perhaps an opaque access token. What is needed is the request that ZITADEL sends to the function: get it by `deno task record`",
  );
}

function isPayload(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    ("function" in value || "event_type" in value);
}

/** What a text holds: JSON, what is encoded as base64, JSON within it, or what follows its first empty line. */
function contentOf(text: string): unknown {
  const json = parseJson(text);
  if (json !== undefined) return json;
  const base64 = text.replace(/^data:[^,]*,/, "").replaceAll(/\s/g, "");
  const decoded = BASE64.test(base64) ? decodeBase64(base64) : undefined;
  if (decoded && /^\s*[[{"]|^ey|^[A-Z]+ /.test(decoded)) return decoded;
  return parseJson(/\{[^]*\}/.exec(text)?.[0] ?? "") ??
    /\r?\n\r?\n([^]+)/.exec(text)?.[1];
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

/** Returns `undefined` for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
