/**
 * Runs `autocannon` in a process of its own: options as JSON on stdin, the
 * result as JSON on stdout.
 *
 * @module
 */
import autocannon from "autocannon";

const options = await new Response(Deno.stdin.readable).json();
console.log(JSON.stringify(await autocannon(options)));
