/** A page of a proxy, a firewall or a login. */
const page = (status: number, title: string) => () =>
  new Response(`<!doctype html><title>${title}</title>canary`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8" },
  });

function brokenOff(): Response {
  let isSent = false;
  const body = new ReadableStream({
    pull(controller) {
      if (isSent) controller.error(new TypeError("connection reset"));
      else controller.enqueue(new TextEncoder().encode("<!doctype ht"));
      isSent = true;
    },
  });
  return new Response(body, { headers: { "content-type": "text/html" } });
}

const withHeaders = (
  status: number,
  headers: HeadersInit,
  body: string | null = null,
) =>
() => new Response(body, { status, headers });

/** Answers that are not ZITADEL's, and what an operator is told of each. */
export const FOREIGN_ANSWERS: Readonly<
  Record<string, readonly [respond: () => Response, seen: string]>
> = {
  "a login page": [page(200, "Sign in"), "200 text/html"],
  "a redirect to a login page": [
    withHeaders(302, { location: "https://sso.example/login?canary" }),
    "302, a redirect to https://sso.example",
  ],
  "a page that asks to log in": [
    page(401, "Authorization Required"),
    "401 text/html",
  ],
  "a firewall's page": [page(403, "Forbidden"), "403 text/html"],
  "a page for a missing one": [page(404, "Not Found"), "404 text/html"],
  "a page about an error": [page(500, "Error"), "500 text/html"],
  "a gateway's 502": [page(502, "Bad Gateway"), "502 text/html"],
  "a gateway's 503": [page(503, "Unavailable"), "503 text/html"],
  "a gateway's 504": [page(504, "Gateway Timeout"), "504 text/html"],
  "a page that breaks off": [brokenOff, "200 text/html"],
  "a challenge": [
    withHeaders(401, {
      "www-authenticate": "Basic",
      "content-type": "text/plain",
    }, "canary"),
    "401 text/plain",
  ],
  "a gateway that speaks JSON": [
    () => Response.json({ message: "Forbidden canary" }, { status: 403 }),
    "403 application/json",
  ],
  "a refusal with gRPC-web's content type": [
    withHeaders(403, { "content-type": "application/grpc-web+proto" }),
    "403 application/grpc-web+proto",
  ],
  "a refusal without a content type": [
    withHeaders(403, {}),
    "403 without a content type",
  ],
};
