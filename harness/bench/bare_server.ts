/**
 * The least that `Deno.serve` can do: what the platform itself costs. The body
 * is read, since connections whose requests are left unread are held up.
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
