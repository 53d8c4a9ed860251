/**
 * The least that `Deno.serve` can do: it reads the body and gives a constant
 * answer. Unread requests hold up their connections.
 *
 * @module
 */
const reply = Deno.env.get("REPLY")!;

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => {},
}, async (request) => {
  await request.bytes();
  return new Response(reply);
});
