import { serveOnLocalhost } from "../util/local_server.ts";

export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export type Reply = (call: WebhookCall) => Response | Promise<Response>;

/** An endpoint that records its calls and replies `{}`. */
export interface WebhookTarget extends AsyncDisposable {
  /** Such as `http://localhost:9101`. */
  readonly origin: string;
  /** The received calls, oldest first. */
  readonly calls: WebhookCall[];
  /** Replies otherwise until the result is disposed of. */
  readonly replyWith: (reply: Reply) => Disposable;
}

export function startWebhookTarget(): WebhookTarget {
  const calls: WebhookCall[] = [];
  const plain: Reply = () => Response.json({});
  let reply = plain;
  const server = serveOnLocalhost(async (request) => {
    const call = {
      method: request.method,
      path: new URL(request.url).pathname,
      headers: request.headers,
      body: await request.text(),
    };
    calls.push(call);
    return await reply(call);
  });
  return {
    origin: server.origin,
    calls,
    replyWith(other) {
      reply = other;
      return { [Symbol.dispose]: () => void (reply = plain) };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
