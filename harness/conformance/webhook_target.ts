import { serveOnLocalhost } from "../util/local_server.ts";

export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An endpoint that records its calls and replies as configured. */
export interface WebhookTarget extends AsyncDisposable {
  /** Such as `http://localhost:9101`. */
  readonly origin: string;
  /** The received calls, oldest first. */
  readonly calls: WebhookCall[];
  /** The reply; `{}` by default. */
  reply: (call: WebhookCall) => Response | Promise<Response>;
}

export function startWebhookTarget(): WebhookTarget {
  const calls: WebhookCall[] = [];
  const server = serveOnLocalhost(async (request) => {
    const call = {
      method: request.method,
      path: new URL(request.url).pathname,
      headers: request.headers,
      body: await request.text(),
    };
    calls.push(call);
    return await target.reply(call);
  });
  const target: WebhookTarget = {
    origin: server.origin,
    calls,
    reply: () => Response.json({}),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return target;
}
