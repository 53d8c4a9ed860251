/**
 * The least that `Deno.serve` can do: the platform's own cost. It reads the
 * body, since unread requests hold up their connections.
 *
 * @module
 */
const reply = Deno.env.get("REPLY") ?? "hello";

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => {},
}, async (request) => {
  await request.bytes();
  return new Response(reply);
});
