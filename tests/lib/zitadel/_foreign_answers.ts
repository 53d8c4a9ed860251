/** Answers of proxies, firewalls and login pages, by name. */
const html = { "content-type": "text/html; charset=utf-8" };
const page = (status: number, title: string) => () =>
  new Response(`<!doctype html><title>${title}</title>canary`, {
    status,
    headers: html,
  });

/** An answer that is not ZITADEL's, and how it must be judged. */
export interface ForeignAnswer {
  readonly name: string;
  readonly respond: () => Response;
  readonly reason: "intercepted" | "unreachable";
  readonly seen: RegExp;
}

/** The ten statuses of issue reports, and relatives. */
export const FOREIGN_ANSWERS: readonly ForeignAnswer[] = [
  intercepted(
    "200, a login page",
    page(200, "Sign in"),
    /the answer is 200 text\/html/,
  ),
  intercepted(
    "302, to a login page",
    () =>
      new Response(null, {
        status: 302,
        headers: { location: "https://sso.example/login?canary" },
      }),
    /the answer is 302, a redirect to https:\/\/sso\.example$/,
  ),
  intercepted(
    "401, a page",
    page(401, "Authorization Required"),
    /the answer is 401 text\/html/,
  ),
  intercepted(
    "403, a firewall",
    page(403, "Forbidden"),
    /the answer is 403 text\/html/,
  ),
  intercepted(
    "404, a page",
    page(404, "Not Found"),
    /the answer is 404 text\/html/,
  ),
  intercepted(
    "500, a page",
    page(500, "Error"),
    /the answer is 500 text\/html/,
  ),
  {
    ...intercepted(
      "502, a gateway",
      page(502, "Bad Gateway"),
      /the answer is 502 text\/html/,
    ),
    reason: "unreachable",
  },
  {
    ...intercepted(
      "503, a gateway",
      page(503, "Unavailable"),
      /the answer is 503 text\/html/,
    ),
    reason: "unreachable",
  },
  {
    ...intercepted(
      "504, a gateway",
      page(504, "Gateway Timeout"),
      /the answer is 504 text\/html/,
    ),
    reason: "unreachable",
  },
  intercepted("a page that breaks off", () => {
    let isSent = false;
    const body = new ReadableStream({
      pull(controller) {
        if (isSent) controller.error(new TypeError("connection reset"));
        else controller.enqueue(new TextEncoder().encode("<!doctype ht"));
        isSent = true;
      },
    });
    return new Response(body, { headers: html });
  }, /the answer is 200 text\/html/),
  intercepted(
    "401 with a challenge",
    () =>
      new Response("canary", {
        status: 401,
        headers: { "www-authenticate": "Basic", "content-type": "text/plain" },
      }),
    /the answer is 401 text\/plain/,
  ),
  intercepted(
    "403 from a gateway that speaks JSON",
    () => Response.json({ message: "Forbidden canary" }, { status: 403 }),
    /the answer is 403 application\/json/,
  ),
  intercepted(
    "403 with gRPC-web's content type",
    () =>
      new Response(null, {
        status: 403,
        headers: { "content-type": "application/grpc-web+proto" },
      }),
    /the answer is 403 application\/grpc-web\+proto/,
  ),
  intercepted(
    "403 without a content type",
    () => new Response(null, { status: 403 }),
    /the answer is 403 without a content type/,
  ),
];

function intercepted(
  name: string,
  respond: () => Response,
  seen: RegExp,
): ForeignAnswer {
  return { name, respond, reason: "intercepted", seen };
}
