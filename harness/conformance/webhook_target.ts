/** A call that a target got. */
export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** An endpoint that notes what it is sent and answers as it is told. */
export interface WebhookTarget extends AsyncDisposable {
  /** Such as `http://localhost:9101`. */
  readonly origin: string;
  /** What came, oldest first. */
  readonly calls: WebhookCall[];
  /** What it answers; `{}` until something else is set. */
  reply: (call: WebhookCall) => Response | Promise<Response>;
}

/** Starts a target on loopback. */
export function startWebhookTarget(): WebhookTarget {
  const calls: WebhookCall[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const call = {
        method: request.method,
        path: new URL(request.url).pathname,
        headers: request.headers,
        body: await request.text(),
      };
      calls.push(call);
      return await target.reply(call);
    },
  );
  const target: WebhookTarget = {
    origin: `http://localhost:${server.addr.port}`,
    calls,
    reply: () => Response.json({}),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return target;
}
