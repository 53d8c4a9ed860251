import { SETTINGS } from "../../lib/config/settings.ts";
import { isLoopback } from "../util/is_loopback.ts";

/** Where a function that is started here listens. */
export interface ChosenPort {
  readonly port: string;
  /** Why ZITADEL may not reach it there. */
  readonly note?: string;
}

/**
 * Chooses the port: PORT; without it, the one that the endpoint names if that is
 * on this machine. An endpoint without a port, or with https, is that of a proxy.
 */
export function choosePort(
  set: string | undefined,
  endpoint: string,
): ChosenPort {
  const url = new URL(endpoint);
  const named = url.protocol === "http:" ? url.port : "";
  const own = set?.trim();
  const port = own || (isLoopback(url) && named) || SETTINGS.PORT.default;
  return named === "" || named === port ? { port } : {
    port,
    note:
      `the function listens on ${port}, the endpoint says ${named}: set PORT, unless something forwards ${named}`,
  };
}
