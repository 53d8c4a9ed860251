import { generateKeyPairSync } from "node:crypto";
import type { CheckId } from "../../../harness/doctor/checks.ts";
import type { Level } from "../../../harness/doctor/finding.ts";
import type { GatherOptions } from "../../../harness/doctor/gather.ts";
import type { Sound } from "./_sound_instance.ts";

/** A fault, and what the doctor is to find. */
export interface Fault {
  readonly name: string;
  readonly finds: readonly [CheckId, Level];
  /** Makes the fault, and says how to look for it. */
  readonly make: (
    it: Sound,
    parts: ReturnType<typeof partsOf>,
  ) => Partial<GatherOptions> | void;
}

/** The parts of the sandbox's world that faults are made in. */
export function partsOf({ sandbox, scratch, settings }: Sound) {
  const state = sandbox.world;
  const target = [...state.targets.values()][0]!;
  return {
    state,
    target,
    settings,
    executions: [...state.executions.values()],
    access: [...state.executions.values()].find(({ condition }) =>
      "function" in condition && condition.function === "preaccesstoken"
    )!,
    organization: state.organizations.get(scratch.organization.id)!,
    project: state.projects.get(scratch.project.id)!,
    app: [...state.apps.values()].find(({ clientId }) =>
      clientId === scratch.application.clientId
    )!,
    otherTarget: () => {
      const id = "300000000000000001";
      state.targets.set(id, {
        ...structuredClone(target),
        id,
        name: "other",
        signingKey: "otherKey",
      });
      return id;
    },
  };
}

const value = (text: string) => new TextEncoder().encode(text);

const createKeys = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const OURS = createKeys();
const THEIRS = createKeys();
const publicKey = ({ publicKey: pem }: typeof OURS) => {
  const created = new Date();
  const dated = { created, changed: created, sequence: 1 };
  return { id: "1", pem, active: true, ...dated };
};

/** As tried on ZITADEL v4.13.1. */
const SETS_PERMISSIONS = {
  name: "setPermissions",
  script:
    'function setPermissions(ctx, api) { api.v1.claims.setClaim("permissions", ["admin:all"]) }',
  active: true,
};

/** A fault for every finding. */
export const FAULTS: readonly Fault[] = [
  {
    name: "a setting is missing",
    finds: ["settings", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, CLIENT_SECRET: undefined },
    }),
  },
  {
    name: "the instance does not answer",
    finds: ["reachable", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, ZITADEL_DOMAIN: "http://127.0.0.1:9" },
    }),
  },
  {
    name: "the credential is refused",
    finds: ["credential", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, CLIENT_SECRET: "wrong" },
    }),
  },
  {
    name: "the personal access token expires soon",
    finds: ["expiry", "warning"],
    make: ({ scratch }, { state, settings }) => {
      const token = state.accessTokens.get(scratch.reader.token)!;
      token.expiresAt = Date.now() / 1000 + 29 * 24 * 60 * 60;
      const { CLIENT_ID: _, CLIENT_SECRET: __, ...others } = settings;
      return { settings: { ...others, ACCESS_TOKEN: scratch.reader.token } };
    },
  },
  {
    name: "the service user may not read the organization",
    finds: ["org_read", "broken"],
    make: ({ scratch }, { state }) => {
      const place = state.members.findIndex(({ userId }) =>
        userId === scratch.reader.id
      );
      state.members.splice(place, 1);
    },
  },
  {
    name: "the service user may not read some of all organizations",
    finds: ["org_read", "warning"],
    make: () => ({ organizations: [] }),
  },
  {
    name: "more organizations than are looked at",
    finds: ["not_checked", "note"],
    make: (_it, { state, organization }) => {
      for (let i = 0; i < 20; i++) {
        const id = `3000000000000001${i}`;
        state.organizations.set(id, { ...organization, id, name: `More ${i}` });
      }
      return { organizations: [] };
    },
  },
  {
    name: "there is no admin token",
    finds: ["admin", "note"],
    make: (_it, { settings }) => ({
      settings: { ...settings, ZITADEL_ADMIN_TOKEN: undefined },
    }),
  },
  {
    name: "the admin token has no role",
    finds: ["admin", "broken"],
    make: ({ scratch }, { settings }) => ({
      settings: { ...settings, ZITADEL_ADMIN_TOKEN: scratch.reader.token },
    }),
  },
  {
    name: "an organization's action names the claim",
    finds: ["actions_v1", "broken"],
    make: (_it, { organization }) =>
      void (organization.actions = { 2: [SETS_PERMISSIONS] }),
  },
  {
    name: "an organization's action names the attribute for SAML",
    finds: ["actions_v1", "broken"],
    make: (_it, { organization }) =>
      void (organization.actions = { 4: [SETS_PERMISSIONS] }),
  },
  {
    name: "an organization's action names the claim in another case",
    finds: ["actions_v1", "broken"],
    make: (_it, { organization }) =>
      void (organization.actions = {
        2: [{
          name: "raise",
          script: 'api.v1.claims.setClaim("permi\\u017f\\u017fions", ["a"])',
          active: true,
        }],
      }),
  },
  {
    name: "an organization that is called like a check's has such an action",
    finds: ["actions_v1", "broken"],
    make: (_it, { organization }) => {
      organization.name = "permissions-check-deadbeef";
      organization.actions = { 2: [SETS_PERMISSIONS] };
    },
  },
  {
    name: "an organization's action sets another claim",
    finds: ["actions_v1", "note"],
    make: (_it, { organization }) =>
      void (organization.actions = {
        2: [{
          name: "setTeam",
          script: 'api.v1.claims.setClaim("team", "a")',
          active: true,
        }],
      }),
  },
  {
    name: "more organizations than the actions of which are looked at",
    finds: ["not_checked", "warning"],
    make: (_it, { state, organization }) => {
      for (let i = 0; i < 200; i++) {
        const id = `3000000000000002${i}`;
        state.organizations.set(id, { ...organization, id, name: `More ${i}` });
      }
    },
  },
  {
    name: "no target signs with the key",
    finds: ["target", "broken"],
    make: (_it, { target }) => void (target.signingKey = "another"),
  },
  {
    name: "a key is that of no target",
    finds: ["spare_key", "note"],
    make: (_it, { settings, target }) => ({
      settings: {
        ...settings,
        AUTHORIZATION_SIGNING_KEY: `${target.signingKey},left-over`,
      },
    }),
  },
  {
    name: "the target's answer is ignored",
    finds: ["answer", "broken"],
    make: (_it, { target }) => void (target.type = "restWebhook"),
  },
  {
    name: "payloads are encrypted and there is no key",
    finds: ["payload_type", "broken"],
    make: (_it, { target }) => void (target.payloadType = "jwe"),
  },
  {
    name: "payloads are encrypted and the target has no active public key",
    finds: ["payload_key", "broken"],
    make: (_it, { target, settings }) => {
      target.payloadType = "jwe";
      target.keys = [{ ...publicKey(OURS), active: false }];
      return {
        settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey },
      };
    },
  },
  {
    name: "payloads are encrypted and the active public key has expired",
    finds: ["payload_key", "broken"],
    make: (_it, { target, settings }) => {
      target.payloadType = "jwe";
      const expires = new Date(Date.now() - 1_000);
      target.keys = [{ ...publicKey(OURS), expires }];
      return {
        settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey },
      };
    },
  },
  {
    name: "payloads are encrypted and the public key expires soon",
    finds: ["payload_key", "warning"],
    make: (_it, { target, settings }) => {
      target.payloadType = "jwe";
      const expires = new Date(Date.now() + 29 * 24 * 60 * 60 * 1_000);
      target.keys = [{ ...publicKey(OURS), expires }];
      return {
        settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey },
      };
    },
  },
  {
    name: "the admin token expires soon",
    finds: ["expiry", "warning"],
    make: ({ sandbox }, { state }) => {
      const token = state.accessTokens.get(sandbox.adminToken)!;
      token.expiresAt = Date.now() / 1000 + 29 * 24 * 60 * 60;
    },
  },
  {
    name: "payloads are encrypted for another key",
    finds: ["payload_key", "broken"],
    make: (_it, { target, settings }) => {
      target.payloadType = "jwe";
      target.keys = [publicKey(THEIRS)];
      return {
        settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey },
      };
    },
  },
  {
    name: "payloads are encrypted for our key",
    finds: ["payload_key", "ok"],
    make: (_it, { target, settings }) => {
      target.payloadType = "jwe";
      target.keys = [publicKey(OURS)];
      return {
        settings: { ...settings, PAYLOAD_PRIVATE_KEY: OURS.privateKey },
      };
    },
  },
  {
    name: "ZITADEL gives up before the function does",
    finds: ["timeout", "warning"],
    make: (_it, { target }) => void (target.timeoutMs = 1_000),
  },
  {
    name: "a login may hang for a minute",
    finds: ["timeout", "warning"],
    make: (_it, { target }) => void (target.timeoutMs = 60_000),
  },
  {
    name: "interruptOnError is on",
    finds: ["interrupt", "note"],
    make: (_it, { target }) => void (target.interruptOnError = true),
  },
  {
    name: "the target is bound to no function",
    finds: ["bound", "broken"],
    make: (_it, { state }) => state.executions.clear(),
  },
  {
    name: "the target is bound to preuserinfo only",
    finds: ["bound", "note"],
    make: (_it, { access }) =>
      void (access.condition = { function: "preuserinfo" }),
  },
  {
    name: "another target is called before",
    finds: ["bound_before", "note"],
    make: (_it, { access, otherTarget }) =>
      void access.targets.unshift(otherTarget()),
  },
  {
    name: "another target is called after",
    finds: ["bound_after", "warning"],
    make: (_it, { access, otherTarget }) =>
      void access.targets.push(otherTarget()),
  },
  {
    name: "events are not bound",
    finds: ["events", "note"],
    make: (_it, { state, access }) => {
      state.executions.clear();
      state.executions.set("access", access);
    },
  },
  {
    name: "nothing answers at the endpoint",
    finds: ["canary", "broken"],
    make: (_it, { target }) => void (target.endpoint = "http://127.0.0.1:9/"),
  },
  {
    name: "the running function has another key",
    finds: ["canary", "broken"],
    make: (_it, { settings, target }) => {
      target.signingKey = "another";
      return {
        settings: { ...settings, AUTHORIZATION_SIGNING_KEY: "another" },
      };
    },
  },
  {
    name: "the client id belongs to no application",
    finds: ["client", "broken"],
    make: () => ({ clientId: "1" }),
  },
  {
    name: "the application asked for is not listed in APPLICATIONS",
    finds: ["applications", "broken"],
    make: (_it, { app, settings }) => ({
      settings: { ...settings, APPLICATIONS: "another" },
      clientId: app.clientId,
    }),
  },
  {
    name: "an application of `dev --create-app` was left behind",
    finds: ["leftover_application", "warning"],
    make: (_it, { app }) =>
      void (app.name = "Token inspector (temporary) 2026-11-25T12:00:00.000Z"),
  },
  {
    name: "an application gets opaque tokens",
    finds: ["opaque_tokens", "warning"],
    make: (_it, { app }) => void (app.accessToken = "opaque"),
  },
  {
    name: "the application asked for gets opaque tokens",
    finds: ["opaque_tokens", "broken"],
    make: (_it, { app }) => {
      app.accessToken = "opaque";
      return { clientId: app.clientId };
    },
  },
  {
    name: "an application gets opaque tokens and preuserinfo is bound",
    finds: ["opaque_tokens", "note"],
    make: (_it, { app, state, access }) => {
      app.accessToken = "opaque";
      state.executions.set("more", {
        ...access,
        condition: { function: "preuserinfo" },
      });
    },
  },
  {
    name: "the project does not assert roles",
    finds: ["role_assertion", "warning"],
    make: (_it, { project }) => void (project.roleAssertion = false),
  },
  {
    name: "there is no mapping",
    finds: ["mapping", "warning"],
    make: (_it, { organization }) => organization.metadata.clear(),
  },
  {
    name: "a role's value cannot be read",
    finds: ["unreadable_value", "broken"],
    make: (_it, { organization }) =>
      void (organization.metadata.get("admin")!.value = value('["a", 1]')),
  },
  {
    name: "a value that is no role's cannot be read",
    finds: ["unreadable_value", "note"],
    make: (_it, { organization }) =>
      void organization.metadata.set("note", {
        ...organization.metadata.get("admin")!,
        value: value("{}"),
      }),
  },
  {
    name: "a role has no entry",
    finds: ["unmapped_role", "warning"],
    make: (_it, { organization }) => void organization.metadata.delete("admin"),
  },
  {
    name: "an entry is no role's",
    finds: ["unused_entry", "note"],
    make: (_it, { organization }) =>
      void organization.metadata.set(
        "admni",
        organization.metadata.get("admin")!,
      ),
  },
  {
    name: "two projects have a role of one name",
    finds: ["shared_name", "warning"],
    make: (_it, { state, project, settings }) => {
      const id = "300000000000000002";
      state.projects.set(id, { ...project, id, name: "Warehouse" });
      return { settings: { ...settings, PROJECTS: `${project.id},${id}` } };
    },
  },
  {
    name: "an entry is of a role whose project PROJECTS does not list",
    finds: ["unused_entry", "warning"],
    make: ({ scratch }, { state, project, organization }) => {
      const id = "300000000000000008";
      const roles = new Set(["packer"]);
      state.projects.set(id, { ...project, id, name: "Warehouse", roles });
      organization.metadata.set(
        "packer",
        organization.metadata.get("admin")!,
      );
      return { organizations: [scratch.organization.id] };
    },
  },
  {
    name: "interruptOnError is on, and nothing answers",
    finds: ["locked_out", "broken"],
    make: (_it, { target }) => {
      target.interruptOnError = true;
      target.endpoint = "http://127.0.0.1:9/";
    },
  },
  {
    name: "PROJECTS is unset",
    finds: ["projects", "note"],
    make: (_it, { settings }) => ({
      settings: { ...settings, PROJECTS: undefined },
    }),
  },
  {
    name:
      "PROJECTS is unset, another organization owns a project, and keys name none",
    finds: ["projects", "warning"],
    make: ({ scratch, settings }, { state, project, organization }) => {
      const id = "300000000000000003";
      state.organizations.set(id, { ...organization, id, name: "Customer" });
      state.projects.set(id, { ...project, id, organizationId: id });
      return {
        settings: {
          ...settings,
          PROJECTS: undefined,
          METADATA_ORGANIZATION: scratch.organization.id,
        },
        organizations: [],
      };
    },
  },
  {
    name: "PROJECTS lists a project that does not exist",
    finds: ["projects", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, PROJECTS: `${settings.PROJECTS},4711` },
    }),
  },
  {
    name: "an entry is qualified with a chosen id, and PROJECTS is unset",
    finds: ["claimable_entry", "broken"],
    make: (_it, { settings, state, project, organization }) => {
      state.projects.set("shop", { ...project, id: "shop" });
      organization.metadata.set(
        "shop:admin",
        organization.metadata.get("admin")!,
      );
      return { settings: { ...settings, PROJECTS: undefined } };
    },
  },
  {
    name: "another organization has an owner of its own",
    finds: ["customers", "warning"],
    make: (_it, { state, organization }) => {
      const id = "300000000000000005";
      state.organizations.set(id, { ...organization, id, name: "Customer" });
      state.members.push({
        userId: "300000000000000006",
        organizationId: id,
        roles: ["ORG_OWNER"],
      });
    },
  },
  {
    name: "METADATA_ORGANIZATION does not exist",
    finds: ["organization", "broken"],
    make: (_it, { settings }) => ({
      settings: { ...settings, METADATA_ORGANIZATION: "4711" },
      organizations: [],
    }),
  },
  {
    name: "the claim's name has a dot",
    finds: ["claim_name", "warning"],
    make: (_it, { settings }) => ({
      settings: { ...settings, PERMISSIONS_CLAIM: "example.permissions" },
    }),
  },
  {
    name: "permissions have spaces, and the shape is a string",
    finds: ["omitted_names", "warning"],
    make: (_it, { settings, organization }) => {
      organization.metadata.get("admin")!.value = value('["read all"]');
      return { settings: { ...settings, PERMISSIONS_SHAPE: "string" } };
    },
  },
  {
    name: "ZITADEL_INTERNAL_URL cannot be resolved from here",
    finds: ["internal", "note"],
    make: (_it, { settings }) => ({
      settings: { ...settings, ZITADEL_INTERNAL_URL: "http://zitadel.invalid" },
    }),
  },
  {
    name: "events are bound with an encrypted or signed payload type",
    finds: ["jwt_events", "warning"],
    make: (_it, { target }) => void (target.payloadType = "jwt"),
  },
  {
    name: "the function is at a private address",
    finds: ["address", "warning"],
    make: () => ({ resolve: () => Promise.resolve(["10.30.12.134"]) }),
  },
  {
    name: "a rotation is unfinished",
    finds: ["rotation", "warning"],
    make: (_it, { state, otherTarget }) => {
      const id = otherTarget();
      state.targets.get(id)!.name = "ours (successor)";
    },
  },
  {
    name: "an earlier check left its organization",
    finds: ["leftover", "warning"],
    make: (_it, { state, organization }) => {
      const id = "300000000000000004";
      const name = "permissions-check-0123abcd";
      state.organizations.set(id, { ...organization, id, name });
    },
  },
  {
    name: "a role adds 5 kB to a token",
    finds: ["claim_size", "warning"],
    make: (_it, { organization }) =>
      void (organization.metadata.get("admin")!.value = value(
        JSON.stringify(["x".repeat(5_000)]),
      )),
  },
];
