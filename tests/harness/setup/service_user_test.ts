import assert from "node:assert/strict";
import { parseEnv } from "../../../harness/cli/env_file.ts";
import { ownOrganization } from "../../../harness/zitadel/organization.ts";
import {
  deleteCredential,
  listCredentials,
} from "../../../harness/zitadel/credential.ts";
import {
  findServiceUser,
  hasReaderRole,
} from "../../../harness/zitadel/service_user.ts";
import { createServiceUser } from "../../../harness/zitadel/user.ts";
import { createSetupScene } from "./_setup_run.ts";

const NAME = "mapping-reader";
const USER = { serviceUser: true, serviceUserName: NAME };

Deno.test("setup --service-user creates a user once, replaces a refused credential, and --remove removes it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await Deno.writeTextFile(envFile, "# mine\n");
  const users = [...sandbox.world.users.keys()];
  const members = [...sandbox.world.members];

  const created = await run(USER);
  assert.equal(created.outcome, "done", created.error);
  const own = await ownOrganization(instance);
  const user = (await findServiceUser(instance, own.id, NAME))!;
  assert.ok(await hasReaderRole(instance, user, "IAM_OWNER_VIEWER"));
  const { SERVICE_ACCOUNT_KEY } = parseEnv(await Deno.readTextFile(envFile));
  const { keyId, expirationDate } = JSON.parse(SERVICE_ACCOUNT_KEY!);
  const days = (Date.parse(expirationDate) - Date.now()) / 86_400_000;
  assert.ok(days > 364 && days < 366, expirationDate);

  const again = await run({ ...USER, credential: "pat" });
  assert.equal(again.outcome, "done");
  assert.match(again.stdout, /^Nothing to change\.$/m);

  const place = { organization: own.id, user: user.id };
  await deleteCredential(instance, place, { kind: "key", id: keyId });
  const replaced = await run({ ...USER, credential: "pat" });
  assert.equal(replaced.outcome, "done", replaced.error);
  assert.match(
    replaced.stdout,
    /^ {2}~ ACCESS_TOKEN in .*: a new personal access token of "mapping-reader" for 365 days, in place of one that ZITADEL refuses$/m,
  );
  assert.deepEqual(
    (await listCredentials(instance, place)).map(({ kind }) => kind),
    ["pat"],
  );
  assert.deepEqual(Object.keys(parseEnv(await Deno.readTextFile(envFile))), [
    "ACCESS_TOKEN",
  ]);

  const removed = await run({ remove: true, serviceUserName: NAME });
  assert.equal(removed.outcome, "done", removed.error);
  assert.deepEqual([...sandbox.world.users.keys()], users);
  assert.deepEqual(sandbox.world.members, members);
  assert.equal(await Deno.readTextFile(envFile), "# mine\n");
});

Deno.test("setup --service-user leaves a foreign user of that name alone, and names it", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, sandbox } = scene;
  await Deno.writeTextFile(envFile, "");
  const own = await ownOrganization(instance);
  const id = await createServiceUser(instance, own.id, NAME);
  const { outcome, error } = await run(USER);
  assert.equal(outcome, "Error");
  assert.ok(error.includes(`There is a user "${NAME}" already (${id})`), error);
  await run({ remove: true, serviceUserName: NAME });
  assert.ok(sandbox.world.users.has(id));

  const elsewhere = await run({ serviceUser: true });
  assert.match(elsewhere.error, /already, in another organization/);
});

Deno.test("setup --service-user leaves a working credential of another user alone", async () => {
  await using scene = await createSetupScene();
  const before = await Deno.readTextFile(scene.envFile);
  const { outcome, error } = await scene.run(USER);
  assert.equal(outcome, "Error");
  assert.match(error, /has a credential of another user, reader-/);
  assert.equal(await Deno.readTextFile(scene.envFile), before);
});

Deno.test("setup gives the least role for a fixed organization, and proposes its mapped projects", async () => {
  await using scene = await createSetupScene();
  const { run, instance, envFile, scratch, roles } = scene;
  const organization = scratch.organization.id;
  await Deno.writeTextFile(envFile, `METADATA_ORGANIZATION=${organization}\n`);
  const options = {
    endpoint: "http://127.0.0.1:9/",
    roles: await roles({ admin: ["a"] }),
    ...USER,
  };
  const { outcome, stdout } = await run(options);
  assert.equal(outcome, "failed");
  const { id } = scratch.project;
  assert.ok(stdout.includes(`+ PROJECTS in ${envFile}: Shop (${id})`), stdout);
  assert.ok(
    stdout.includes(
      `Organization  ${scratch.organization.name} (${organization})`,
    ),
  );
  const settings = parseEnv(await Deno.readTextFile(envFile));
  assert.equal(settings.PROJECTS, id);
  const user = (await findServiceUser(instance, organization, NAME))!;
  assert.ok(await hasReaderRole(instance, user, "ORG_OWNER_VIEWER"));
  assert.ok(!await hasReaderRole(instance, user, "IAM_OWNER_VIEWER"));

  await Deno.writeTextFile(
    envFile,
    `METADATA_ORGANIZATION=${organization}\nPROJECTS=1\nAUTHORIZATION_SIGNING_KEY=${settings.AUTHORIZATION_SIGNING_KEY}\n`,
  );
  const kept = await run({ endpoint: options.endpoint, dryRun: true });
  assert.match(kept.stdout, /! PROJECTS stays as it is \(1\); Shop/);
});

Deno.test("setup proposes only named projects if every organization has its mapping", async () => {
  await using scene = await createSetupScene();
  const { run, scratch, roles } = scene;
  const options = {
    endpoint: "http://127.0.0.1:9/",
    org: scratch.organization.id,
    roles: await roles({ admin: ["a"] }),
    dryRun: true,
  };
  assert.doesNotMatch((await run(options)).stdout, /PROJECTS/);
  const { id } = scratch.project;
  const named = await run({ ...options, project: [id] });
  assert.match(
    named.stdout,
    new RegExp(`\\+ PROJECTS in .*: Shop \\(${id}\\)`),
  );
  const missing = await run({ ...options, project: ["123"] });
  assert.equal(missing.outcome, "UsageError");
  assert.match(missing.error, /^--project 123: there is no such project/);
});
