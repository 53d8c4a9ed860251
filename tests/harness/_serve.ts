/** A server on loopback. */
export function serve(answer: Deno.ServeHandler<Deno.NetAddr>) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return {
    origin,
    endpoint: `${origin}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
