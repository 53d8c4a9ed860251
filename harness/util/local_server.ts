import { freePort, withIpv6 } from "./free_port.ts";
import { isLoopback } from "./is_loopback.ts";

type Handle = (request: Request) => Response | Promise<Response>;

/** A server at both addresses of `localhost`. */
export interface LocalServer extends AsyncDisposable {
  /** Such as `http://localhost:9000`. */
  readonly origin: string;
}

/**
 * Serves at every address of `localhost`: with one of them left out, another user's
 * program there would get what is meant for this server, such as a login's code.
 *
 * @param port Any free one by default.
 * @throws {Deno.errors.AddrInUse} If the port is taken at either address.
 */
export function serveOnLocalhost(
  handle: Handle,
  port: number = 0,
): LocalServer {
  const options = { port: port || freePort(), onListen: () => {} };
  if (freePort(options.port) !== options.port) {
    throw new Deno.errors.AddrInUse(`Port ${options.port} is taken`);
  }
  const servers = [
    Deno.serve({ ...options, hostname: "127.0.0.1" }, handle),
    withIpv6(() => Deno.serve({ ...options, hostname: "::1" }, handle)),
  ];
  return {
    origin: `http://localhost:${options.port}`,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server?.shutdown()));
    },
  };
}

/**
 * Refuses requests under a host name that is not this machine's: a page of another
 * site whose name resolves to loopback would be of the same origin as this server.
 *
 * @returns The refusal, or `undefined`.
 */
export function refuseForeignHost(request: Request): Response | undefined {
  const host = request.headers.get("host");
  const isOurs = isLoopback(new URL(request.url)) &&
    (host === null || isLoopback(URL.parse(`http://${host}`)));
  return isOurs ? undefined : new Response(
    "This server answers on loopback only: use localhost or 127.0.0.1\n",
    { status: 421 },
  );
}
