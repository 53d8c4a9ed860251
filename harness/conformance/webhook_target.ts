import { serveOnLocalhost } from "../util/local_server.ts";

interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

type Reply = (call: WebhookCall) => Response | Promise<Response>;

/** An endpoint that records its calls and replies `{}`. */
export type WebhookTarget = ReturnType<typeof startWebhookTarget>;

export function startWebhookTarget() {
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
    /** Such as `http://localhost:9101`. */
    origin: server.origin,
    /** The received calls, oldest first. */
    calls,
    /** Replies otherwise until the result is disposed of. */
    replyWith(other: Reply) {
      reply = other;
      return { [Symbol.dispose]: () => void (reply = plain) };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
