import { SETTINGS } from "../../lib/config/settings.ts";

/** Settings that the platform chooses itself. */
const PLATFORM_SETTINGS: ReadonlySet<string> = new Set([
  "HOST",
  "KV_URL",
  "PORT",
]);

/**
 * The file that takes the settings to upload; ignored by git as all `*.env`.
 */
export const UPLOAD_ENV_FILE = "deploy.env";

/** What to deploy, and where. */
export interface DeployWish {
  readonly organization: string;
  readonly app: string;
  /** `us`, `eu` or `global`. */
  readonly region: string;
  /** Create the app and its database first. */
  readonly create: boolean;
  /** The names of the settings in the env file. */
  readonly settings: readonly string[];
}

export interface DeployStep {
  /** The purpose, in a few words. */
  readonly what: string;
  readonly command: readonly string[];
  /** The settings in the file that the command reads, if it reads it. */
  readonly settings?: readonly string[];
}

/**
 * Chooses the settings to upload from an env file: the function's and no
 * others, so never the administrator's token.
 */
function toUpload(names: readonly string[]) {
  return Object.entries(SETTINGS).filter(([name]) =>
    names.includes(name) && !PLATFORM_SETTINGS.has(name)
  );
}

/**
 * Works out the commands of a deployment.
 *
 * @example
 * ```ts
 * planDeployment({
 *   organization: "acme",
 *   app: "permissions",
 *   region: "eu",
 *   create: true,
 *   settings: ["ZITADEL_DOMAIN"],
 * }).map(({ command }) => command.join(" "));
 * ```
 */
export function planDeployment(wish: DeployWish): DeployStep[] {
  const { organization, app, region, create, settings } = wish;
  const where = ["--org", organization, "--app", app];
  const database = `${app}-kv`;
  const uploaded = toUpload(settings);
  const names = uploaded.map(([name]) => name);
  const plain = uploaded.filter(([, setting]) => !("secret" in setting))
    .map(([name]) => name);
  const deploy = (...words: string[]) => ["deno", "deploy", ...words];
  const steps: DeployStep[] = [{
    what: "bundle the function into dist/",
    command: ["deno", "task", "build"],
  }];
  if (create) {
    steps.push({
      what: "create the app",
      command: deploy(
        "create",
        ...where,
        ...["--source", "local", "--runtime-mode", "dynamic"],
        ...["--entrypoint", "dist/main.js", "--region", region],
        ...["--build-timeout", "5", "--build-memory-limit", "1024"],
      ),
    }, {
      what: "create its KV database",
      command: deploy(
        ...["database", "provision", database],
        ...["--kind", "denokv", "--org", organization],
      ),
    }, {
      what: "give the database to the app",
      command: deploy("database", "assign", database, ...where),
    });
  }
  if (names.length > 0) {
    steps.push({
      what: `upload ${names.join(", ")}`,
      settings: names,
      command: deploy(
        ...["env", "load", UPLOAD_ENV_FILE, ...where],
        ...(plain.length > 0 ? ["--non-secrets", ...plain] : []),
      ),
    });
  }
  steps.push({
    what: "deploy dist/",
    command: deploy("--prod", ...where),
  });
  return steps;
}
