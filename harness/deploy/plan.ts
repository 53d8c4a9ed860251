import { SETTINGS } from "../../lib/config/settings.ts";

/** Settings that the platform chooses itself. */
const PLATFORM_SETTINGS = new Set(["HOST", "KV_URL", "PORT"]);

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

/** Works out the commands of a deployment. */
export function planDeployment(
  { organization, app, region, create, settings }: DeployWish,
): DeployStep[] {
  const where = ["--org", organization, "--app", app];
  const database = `${app}-kv`;
  // The function's and no others, so never the administrator's token.
  const uploaded = Object.entries(SETTINGS).filter(([name]) =>
    settings.includes(name) && !PLATFORM_SETTINGS.has(name)
  );
  const names = uploaded.map(([name]) => name);
  const plain = uploaded.filter(([, setting]) => !("secret" in setting))
    .map(([name]) => name);
  const deploy = (...words: string[]) => ["deno", "deploy", ...words];
  const creation: DeployStep[] = [{
    what: "create the app",
    command: deploy(
      ...["create", ...where, "--source", "local", "--runtime-mode", "dynamic"],
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
  }];
  const upload: DeployStep = {
    what: `upload ${names.join(", ")}`,
    settings: names,
    command: deploy(
      ...["env", "load", UPLOAD_ENV_FILE, ...where],
      ...plain.length > 0 ? ["--non-secrets", ...plain] : [],
    ),
  };
  return [
    {
      what: "bundle the function into dist/",
      command: ["deno", "task", "build"],
    },
    ...create ? creation : [],
    ...names.length > 0 ? [upload] : [],
    { what: "deploy dist/", command: deploy("--prod", ...where) },
  ];
}
