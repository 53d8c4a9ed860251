/**
 * Serves the token inspector: static files, the settings of the page, and an
 * explanation of roles by the function's own code. It holds no token and no
 * secret; the page talks to the instance by itself.
 *
 * @module
 */
import "oauth4webapi";
import { z } from "zod";
import { FunctionError } from "../../lib/errors.ts";
import { isEvent, parsePayload } from "../../lib/request/payload.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { explainCall } from "../explain/explain.ts";

const PAGE_URL = new URL("./page/", import.meta.url);
const OAUTH_URL = new URL(import.meta.resolve("oauth4webapi"));

/** Where the instance sends the browser back to. */
export const CALLBACK_PATH = "/callback";

/** The port that the sandbox's applications, and the guide's, redirect to. */
export const DEFAULT_PORT = 9000;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** How an inspector is served. */
export interface InspectorOptions {
  /**
   * Its port; 0 for a free one.
   *
   * @default 9000
   */
  readonly port?: number;
  /** The origin of the instance whose tokens are looked at. */
  readonly issuer: string;
  /** Whether that is the sandbox, which shows its world and the function's calls. */
  readonly sandbox?: boolean;
  /** The client id that the page suggests. */
  readonly clientId?: string;
  /**
   * The name of the permissions claim.
   *
   * @default "permissions"
   */
  readonly claim?: string;
  /**
   * Whose metadata the function reads, as METADATA_ORGANIZATION says.
   *
   * @default "user"
   */
  readonly metadataOrganization?: string;
}

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Where it is, such as `http://localhost:9000`. */
  readonly origin: string;
  /** What an application must allow as its redirect address. */
  readonly redirectUri: string;
  /** Stops it. */
  readonly close: () => Promise<void>;
}

/**
 * Serves the inspector on loopback.
 *
 * @param options The instance, and what the page suggests.
 * @returns The running inspector.
 * @throws {Deno.errors.AddrInUse} Where the port is taken.
 *
 * @example
 * ```ts ignore
 * await using inspector = serveInspector({ issuer: "http://localhost:8080" });
 * console.log(`Open ${inspector.origin}`);
 * ```
 */
export function serveInspector(options: InspectorOptions): Inspector {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: options.port ?? DEFAULT_PORT,
    onListen: () => {},
  }, createInspector(options));
  const origin = `http://localhost:${server.addr.port}`;
  const close = () => server.shutdown();
  return {
    origin,
    redirectUri: origin + CALLBACK_PATH,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Makes the inspector's request handler.
 *
 * @param options The instance, and what the page suggests.
 * @returns The handler.
 */
export function createInspector(
  options: InspectorOptions,
): (request: Request) => Promise<Response> {
  const { issuer, metadataOrganization = "user" } = options;
  const settings = {
    issuer,
    sandbox: options.sandbox ?? false,
    clientId: options.clientId ?? "",
    claim: options.claim ?? "permissions",
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    const response = pathname === "/explain"
      ? await explain(request, metadataOrganization)
      : request.method !== "GET" && request.method !== "HEAD"
      ? new Response("Method not allowed", { status: 405 })
      : pathname === "/settings.json"
      ? Response.json(settings)
      : await page(pathname);
    for (const [name, value] of Object.entries(securityHeaders(issuer))) {
      response.headers.set(name, value);
    }
    return response;
  };
}

/**
 * Trusted Types make the browser refuse what would turn text into markup, so
 * that nothing in a token or a payload can become part of the page.
 */
function securityHeaders(issuer: string): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self' ${issuer}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join("; "),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
}

async function page(pathname: string): Promise<Response> {
  const isPage = pathname === "/" || pathname === CALLBACK_PATH;
  const name = isPage ? "index.html" : pathname.slice(1);
  const type = TYPES[/^[a-z0-9_]+\.([a-z]+)$/.exec(name)?.[1] ?? ""];
  // What the page imports as a file of its own is the npm package's one module.
  const url = name === "oauth4webapi.js" ? OAUTH_URL : new URL(name, PAGE_URL);
  if (type === undefined) return new Response("Not found", { status: 404 });
  try {
    const body = await Deno.readFile(url);
    return new Response(body, { headers: { "content-type": type } });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Response("Not found", { status: 404 });
  }
}

/** What the page sends to have roles explained: what the sandbox showed it. */
const Question = z.object({
  payload: z.unknown(),
  metadata: z.record(
    z.string(),
    z.record(z.string(), z.union([z.array(z.string()), z.string()])),
  ),
});

async function explain(
  request: Request,
  metadataOrganization: string,
): Promise<Response> {
  if (request.method !== "POST") {
    return new Response("Method not allowed", { status: 405 });
  }
  const question = Question.safeParse(await request.json().catch(() => null));
  if (!question.success) {
    return new Response(z.prettifyError(question.error), { status: 400 });
  }
  const { payload, metadata } = question.data;
  try {
    const call = parsePayload(payload);
    if (isEvent(call)) return new Response("An event", { status: 400 });
    const explanation = await explainCall(
      call,
      (organization) =>
        Promise.resolve(parseRoleMapping(
          Object.entries(metadata[organization] ?? {}).map(toEntry),
        )),
      metadataOrganization,
    );
    return Response.json(explanation);
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return new Response(error.message, { status: 400 });
  }
}

function toEntry([key, value]: [string, string[] | string]) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { key, value: new TextEncoder().encode(text) };
}
