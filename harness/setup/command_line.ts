import { UsageError } from "../cli/errors.ts";
import {
  DRY_RUN_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  toggle,
  type Values,
  YES_OPTION,
} from "../cli/options.ts";
import {
  listOf,
  numberFrom,
  oneOf,
  parseFile,
  parseSeconds,
  parseUrl,
} from "../cli/parse.ts";
import { CREDENTIAL_KINDS } from "../zitadel/credential.ts";
import { DEFAULT_SERVICE_USER_NAME } from "../zitadel/service_user.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";

/** What ZITADEL takes at most, in seconds. */
const MAX_TIMEOUT_SECONDS = 270;

/** On what a target is called, by the words of `--also` and `--unbind`. */
const CONDITIONS = {
  preaccesstoken: "function/preaccesstoken",
  preuserinfo: "function/preuserinfo",
  presamlresponse: "function/presamlresponse",
  events: "event/group/org.metadata",
} as const;

const WORDS = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[];

/** The paragraphs of `deno task setup --help`. */
export const SETUP_DETAILS = [
  "Creates or updates the target, writes its signing key into the env file (and ZITADEL_DOMAIN if the file has none), writes the mapping into the organization's metadata, and binds the target to preaccesstoken. Other targets that are bound there stay, in their order.",
  "A target is bound, or moved, only if the function answers at exactly that endpoint and accepts the target's key. Until then everything else is done: start the function with the env file and run the same command again, or use --wait or --start.",
  'With --probe the function is asked there. If this machine does not reach the endpoint, ZITADEL shows that it does before a function is bound: for some seconds the target gets the event of a metadata entry that no role can have. A target with payload type JWT or JWE gets no events: a second target, "NAME (probe)", takes its place until then.',
  "--service-user creates a service user that may read the mapping (ORG_OWNER_VIEWER of METADATA_ORGANIZATION, or IAM_OWNER_VIEWER if that is user or grant) and writes its credential into the env file. Run again, it changes nothing while the credential works and the role fits METADATA_ORGANIZATION.",
  "The mapping goes into the metadata of the organization whose project has the roles of the file. A first set-up proposes that organization as METADATA_ORGANIZATION, unless it is set (`user` for a mapping in each organization), and its projects as PROJECTS. With --yes, --org has to name it unless it is the token's own. If no project has these roles, setup binds all the same, says so and exits with 1.",
  "--for-customers is for an instance on which customers have organizations. It proposes METADATA_ORGANIZATION (the organization that owns the projects), PROJECTS, GRANTED_BY (the user's own organization and that one) and APPLICATIONS (every application of the projects, APIs too) for the env file, and asks about interruptOnError; with --yes that stays as it is unless --interrupt-on-error is given. Run again, it adds new applications.",
];

/** The options of `deno task setup`. */
export const SETUP_OPTIONS = {
  endpoint: option(
    "URL",
    "where the function answers (default: as the target is)",
    { parse: parseUrl },
  ),
  probe: option(
    "URL",
    "where this machine reaches the function, such as a port-forward, if not at the endpoint",
    { parse: parseUrl },
  ),
  roles: option(
    "FILE",
    "the mapping; `deno task roles check FILE` checks it",
    { parse: parseFile },
  ),
  prune: flag("remove metadata entries that are not in that file"),
  org: option(
    "ID",
    "whose metadata takes the mapping (default: METADATA_ORGANIZATION, or the owner of the project that has these roles)",
  ),
  "service-user": flag(
    "create the function's service user and its credential",
  ),
  "service-user-name": option(
    "NAME",
    `what a new one is called (default ${DEFAULT_SERVICE_USER_NAME})`,
  ),
  credential: option("KIND", "a JWT profile key, or a token: key, pat", {
    default: "key",
    parse: oneOf(CREDENTIAL_KINDS),
  }),
  "credential-days": option("DAYS", "how long it lives", {
    default: "365",
    parse: numberFrom(1, 3_650),
  }),
  "for-customers": flag(
    "propose the whole set-up for an instance with customers' organizations",
  ),
  project: list(
    "ID",
    "add a project to PROJECTS, whose roles then count; can be repeated",
  ),
  projects: toggle(
    "propose PROJECTS, which is done anyway; --no-projects leaves it as it is",
  ),
  name: option("NAME", "the target's name", { default: DEFAULT_TARGET_NAME }),
  also: option("LIST", "bind to: preuserinfo, presamlresponse, events", {
    parse: listOf(WORDS.slice(1)),
  }),
  unbind: option("LIST", "no longer bind to these, or to preaccesstoken", {
    parse: listOf(WORDS),
  }),
  timeout: option(
    "TIME",
    "how long ZITADEL waits for the function, 4m30s at most (default: as the target is; 10s for a new one)",
    {
      parse: (text, name) => parseSeconds(text, name, MAX_TIMEOUT_SECONDS),
    },
  ),
  "interrupt-on-error": toggle(
    "a login fails if the function fails; otherwise the token comes without permissions (default: as the target is; off for a new one; --no-interrupt-on-error: off)",
  ),
  wait: option("TIME", "wait for the function, then bind", {
    parse: parseSeconds,
  }),
  start: flag(
    "run the function here, bind, and stay until Ctrl-C; without PORT, at the port of an endpoint on this machine",
  ),
  "env-file": option("FILE", "where the settings go; created if missing", {
    default: ".env",
  }),
  force: flag("replace another signing key in the env file"),
  remove: flag(
    "undo all that setup made for this --name; with --roles also the metadata entries that still hold what the file says",
  ),
  "dry-run": DRY_RUN_OPTION,
  yes: YES_OPTION,
  json: JSON_OPTION,
};

export type SetupOptions = Values<typeof SETUP_OPTIONS>;

/**
 * Checks that options fit together.
 *
 * @throws {UsageError} If two contradict each other.
 */
export function checkSetupOptions(options: SetupOptions): void {
  const { remove, prune, roles, start, json, forCustomers } = options;
  const { projects, project } = options;
  const isBeyondRemoval = start || prune || forCustomers ||
    [options.endpoint, options.probe, options.wait].some((it) =>
      it !== undefined
    );
  const isBeyondUnbinding = isBeyondRemoval || remove || options.serviceUser ||
    [roles, options.also, options.timeout, options.interruptOnError]
      .some((it) => it !== undefined) ||
    project.length > 0;
  const refusals: [isWrong: boolean, why: string][] = [
    [
      prune && roles === undefined,
      "--prune needs --roles: it removes entries that are not in that file",
    ],
    [
      remove && isBeyondRemoval,
      "--remove undoes everything: it goes with --roles, --name, --org and --service-user-name only",
    ],
    [
      options.unbind !== undefined && isBeyondUnbinding,
      "--unbind goes with --name only",
    ],
    [start && json, "--start stays in the foreground: leave out --json"],
    [
      projects === false && project.length > 0,
      "--no-projects and --project contradict each other",
    ],
    [
      projects === false && forCustomers,
      "--for-customers proposes PROJECTS: leave out --no-projects",
    ],
  ];
  const wrong = refusals.find(([isWrong]) => isWrong);
  if (wrong) throw new UsageError(wrong[1]);
}

/** Reads `--also` or `--unbind`: the conditions behind its words. */
export function conditionsOf(
  words: readonly (keyof typeof CONDITIONS)[] = [],
): string[] {
  return words.map((word) => CONDITIONS[word]);
}
