import { readConfig } from "../lib/config.ts";
import { createHandler } from "../lib/handler.ts";
import type { Log } from "../lib/log.ts";
import type { Fixture } from "./fixtures.ts";
import {
  createUpstream,
  type Upstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "./upstream.ts";

/** The function, set up as a fixture says. */
export interface FixtureFunction {
  /** Answers a request. */
  readonly handle: (request: Request) => Promise<Response>;
  /** The ZITADEL that it asks. */
  readonly upstream: Upstream;
}

/** What a fixture's function runs with. */
export interface FixtureFunctionOptions {
  /** Tells the time, in milliseconds since 1970. By default the fixture's own. */
  readonly now?: () => number;
  /** Takes the log. By default it is dropped. */
  readonly log?: Log;
}

/**
 * Gives a fixture's settings, by environment name.
 *
 * @param fixture The fixture.
 * @returns The settings, those that are the same for all fixtures too.
 */
export function settingsOf(fixture: Fixture): Record<string, string> {
  return {
    ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
    AUTHORIZATION_SIGNING_KEY: fixture.signing_key,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    ...fixture.settings,
  };
}

/**
 * Sets up the function as a fixture says, with a ZITADEL that holds what the
 * fixture says. Each fixture has its own, so none sees what another left in
 * the cache.
 *
 * @param fixture The fixture.
 * @param options What the function runs with.
 * @returns The function and its ZITADEL.
 */
export async function createFixtureFunction(
  fixture: Fixture,
  { now = () => Date.parse(fixture.clock), log = () => {} }:
    FixtureFunctionOptions = {},
): Promise<FixtureFunction> {
  const upstream = createUpstream(fixture);
  const handle = await createHandler(readConfig(settingsOf(fixture)), {
    fetch: upstream.fetch,
    now,
    log,
  });
  return { handle, upstream };
}
