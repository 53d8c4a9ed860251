/**
 * Serves the token inspector: static files, the settings of the page, and an
 * explanation of roles by the function's own code. It holds no token and no
 * secret; the page talks to the instance by itself.
 *
 * @module
 */
import "oauth4webapi";
import { ROUTES } from "../demo/ask_api.ts";
import { refuseForeignHost, serveOnLocalhost } from "../util/local_server.ts";
import { callApi } from "./api_calls.ts";
import { apiCheck, placeOf } from "./api_check.ts";
import {
  explain,
  explainRefusal,
  type ExplainSettings,
} from "./explain_token.ts";

const PAGE_URL = new URL("./page/", import.meta.url);
const OAUTH_URL = new URL(import.meta.resolve("oauth4webapi"));

/** Where ZITADEL sends the browser back to. */
export const CALLBACK_PATH = "/callback";

/** The port that the sandbox's applications, and the guide's, redirect to. */
export const DEFAULT_PORT = 9000;

/**
 * A login loads the page twice within seconds. The second load uses the files
 * of the first, and refreshes them in the background.
 */
const MODULE_CACHE = "private, max-age=0, stale-while-revalidate=30";

/** The function's defaults, for an instance of which nothing else is known. */
const DEFAULT_RULES = { metadataOrganization: "user", claim: "permissions" };
const DEFAULT_FRESH_MS = 60_000;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** How an inspector is served. */
export interface InspectorOptions extends Partial<ExplainSettings> {
  /** By default 9000; 0 for a free one. */
  readonly port?: number;
  /** The origin of the instance whose tokens are looked at. */
  readonly issuer: string;
  /** Whether that is the sandbox, which shows its world and the function's calls. */
  readonly sandbox?: boolean;
  /** The client id that the page suggests. */
  readonly clientId?: string;
  /** The name of the project whose roles the page requests. */
  readonly projectName?: string;
  /** The example API, if it runs; the page calls it through here. */
  readonly api?: {
    readonly origin: string;
    /** Its project's id, and the organization that it serves. */
    readonly project: string;
    readonly organization: string;
  } | undefined;
}

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Its origin, such as `http://localhost:9000`. */
  readonly origin: string;
  /** What an application must allow as its redirect address. */
  readonly redirectUri: string;
}

/**
 * Serves the inspector on loopback.
 *
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 *
 * @example
 * ```ts ignore
 * await using inspector = serveInspector({ issuer: "http://localhost:8080" });
 * console.log(`Open ${inspector.origin}`);
 * ```
 */
export function serveInspector(options: InspectorOptions): Inspector {
  const server = serveOnLocalhost(
    createInspector(options),
    options.port ?? DEFAULT_PORT,
  );
  return { ...server, redirectUri: server.origin + CALLBACK_PATH };
}

/** Creates the inspector's request handler. */
export function createInspector(
  options: InspectorOptions,
): (request: Request) => Promise<Response> {
  const { issuer, api, projectId = "" } = options;
  const rules = { ...DEFAULT_RULES, ...options.rules };
  const facts = { freshMs: DEFAULT_FRESH_MS, ...options, rules, projectId };
  const { claim, shape = "list" } = rules;
  const settings = {
    issuer,
    sandbox: options.sandbox ?? false,
    clientId: options.clientId ?? "",
    projectId,
    projectName: options.projectName ?? "",
    claim,
    shape,
    api: api ? { project: api.project, organization: api.organization } : null,
    routes: api ? ROUTES : [],
  };
  const post: Record<string, (request: Request) => Promise<Response>> = {
    "/explain": (request) => explain(request, facts),
    "/refusal": (request) => explainRefusal(request, facts),
    ...api && { "/api-calls": (request) => callApi(api.origin, request) },
  };
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const answerPost = post[pathname];
    if (answerPost && request.method === "POST") {
      // A page of another site could have the instance asked with our token.
      const from = request.headers.get("sec-fetch-site") ?? "same-origin";
      return from === "same-origin"
        ? await answerPost(request)
        : new Response("Only this page may ask", { status: 403 });
    }
    if (answerPost || !["GET", "HEAD"].includes(request.method)) {
      return new Response("Method not allowed", { status: 405 });
    }
    if (pathname === "/check.js") {
      const id = (name: string) => safeId(searchParams.get(name));
      const [project, organization] = [id("project"), id("organization")];
      const code = await apiCheck({
        issuer,
        claim,
        audience: project,
        clientId: id("client"),
        place: placeOf(shape, { project, organization }),
        isOpaque: searchParams.has("opaque"),
      });
      return new Response(code, { headers: { "content-type": TYPES.js! } });
    }
    if (pathname === "/" || pathname === CALLBACK_PATH) {
      return await startPage(settings);
    }
    return await staticFile(pathname.slice(1));
  };
  const headers = {
    "cache-control": "no-store",
    "content-security-policy": policy(issuer, "'none'"),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
  return async (request) => {
    const response = refuseForeignHost(request) ?? await answer(request);
    for (const [name, value] of Object.entries(headers)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  };
}

/**
 * Trusted Types make the browser refuse what would turn text into markup, so
 * that nothing in a token or a payload can become part of the page.
 */
function policy(issuer: string, styles: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self'",
    `connect-src 'self' ${issuer}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * Fills in the style sheet and the settings, so that the first paint takes one
 * round trip. The policy allows this one style sheet, by its hash.
 */
async function startPage(
  settings: { readonly issuer: string },
): Promise<Response> {
  const [html, style] = await Promise.all(
    ["index.html", "style.css"].map((name) =>
      Deno.readTextFile(new URL(name, PAGE_URL))
    ),
  );
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(style),
  );
  const hash = new Uint8Array(digest).toBase64();
  const json = JSON.stringify(settings).replaceAll("<", "\\u003c");
  const parts: Record<string, string> = {
    style: `<style>${style}</style>`,
    settings: `<script type="application/json" id="settings">${json}</script>`,
    modules: (await moduleLinks()).join("\n    "),
  };
  const body = html!.replaceAll(/<!-- (\w+) -->/g, (_, name) => parts[name]!);
  return new Response(body, {
    headers: {
      "content-type": TYPES.html!,
      "content-security-policy": policy(settings.issuer, `'sha256-${hash}'`),
    },
  });
}

/** Has the browser ask for all modules at once, not level by level. */
async function moduleLinks(): Promise<string[]> {
  const names = await Array.fromAsync(
    Deno.readDir(PAGE_URL),
    ({ name }) => name,
  );
  return names.filter((name) => name.endsWith(".js")).sort()
    .map((name) => `<link rel="modulepreload" href="/${name}">`);
}

async function staticFile(name: string): Promise<Response> {
  const type = TYPES[/^[a-z0-9_]+\.([a-z]+)$/.exec(name)?.[1] ?? ""];
  if (type === undefined) return new Response("Not found", { status: 404 });
  // What the page imports as a file of its own is the npm package's one module.
  const url = name === "oauth4webapi.js" ? OAUTH_URL : new URL(name, PAGE_URL);
  try {
    const body = await Deno.readFile(url);
    return new Response(body, {
      headers: { "content-type": type, "cache-control": MODULE_CACHE },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Response("Not found", { status: 404 });
  }
}

/** An id from the page, to be part of code; anything else is left out. */
function safeId(text: string | null): string {
  return /^[\w:.-]+$/.exec(text ?? "")?.[0] ?? "";
}
