import assert from "node:assert/strict";
import {
  type Case,
  diagnose,
  findUnrequested,
  type Role,
} from "../../../harness/inspector/diagnose.ts";

const BASE: Case = {
  claim: "missing",
  claimName: "permissions",
  isOpaque: false,
  audience: ["client", "7"],
  login: { clientId: "client", scope: "openid", redirectUri: "r" },
  projects: [],
  apps: [],
  projectId: "",
  roles: [],
  names: new Map([["1", "Acme"]]),
};

function role(part: Partial<Role> = {}): Role {
  return {
    role: "viewer",
    project: "7",
    grantedBy: "1",
    organization: "1",
    key: "viewer",
    permissions: [],
    why: undefined,
    ...part,
  };
}

const unmapped = { key: undefined, why: "there is no entry" };
const call = { condition: "function/preaccesstoken", status: 200 };
const grant = {
  projectId: "7",
  project: "Shop",
  roles: ["viewer"],
  active: true,
};
const user = { displayName: "Ann Other", grants: [grant] };

Deno.test("diagnose() finds nothing if the token has permissions", () => {
  assert.equal(diagnose({ ...BASE, claim: "filled" }), undefined);
});

Deno.test("diagnose() names one cause, and what fixes it", async (t) => {
  const cases: [string, Partial<Case>, RegExp, string | undefined][] = [
    [
      "an opaque token",
      {
        claim: "filled",
        isOpaque: true,
        apps: [
          app({ clientId: "client", accessToken: "opaque" }),
          app({ clientId: "other", name: "Jot", accessToken: "jwt" }),
        ],
      },
      /opaque access tokens.*introspection/,
      "Log in to Jot instead",
    ],
    [
      "a foreign claim",
      { claim: "odd" },
      /shape that this function/,
      undefined,
    ],
    [
      "an unreadable entry, by its exact reason",
      {
        claim: "empty",
        roles: [role({ why: "The value is empty" })],
      },
      /^The value is empty .*“viewer” in Acme’s/,
      "Edit the entry",
    ],
    [
      "an empty entry",
      {
        claim: "empty",
        roles: [role({ why: "its entry is an empty array" })],
      },
      /“viewer” has no permissions/,
      "Edit the entry",
    ],
    [
      "one missing entry",
      {
        claim: "empty",
        roles: [role(unmapped)],
      },
      /no entry for viewer /,
      "Add it",
    ],
    [
      "two missing entries",
      {
        claim: "empty",
        roles: [role(unmapped), role({ ...unmapped, role: "admin" })],
      },
      /no entry for viewer or admin/,
      "Add both",
    ],
    [
      "three missing entries",
      {
        claim: "empty",
        roles: ["a", "b", "c"].map((role_) =>
          role({ ...unmapped, role: role_ })
        ),
      },
      /no entry for a, b or c/,
      "Add all 3",
    ],
    [
      "an unknown mapping",
      {
        claim: "empty",
        roles: [role(unmapped)],
        names: new Map(),
      },
      /roles grant nothing/,
      "Log in again and read the mapping",
    ],
    ["nothing bound", { calls: [] }, /No target is bound to preaccess/, SETUP],
    [
      "bound to preuserinfo only",
      {
        calls: [{ condition: "function/preuserinfo", status: 200 }],
      },
      /No target is bound to preaccesstoken/,
      SETUP,
    ],
    [
      "an opaque token and nothing bound",
      {
        isOpaque: true,
        calls: [call],
      },
      /No target is bound to preuserinfo/,
      SETUP,
    ],
    [
      "a failing function",
      {
        calls: [{ ...call, status: 502 }],
      },
      /answered HTTP 502/,
      "Try again",
    ],
    [
      "a function that cannot be reached",
      {
        calls: [{ condition: call.condition, error: "connection refused" }],
      },
      /did not answer \(connection refused\)/,
      "Try again",
    ],
    [
      "a project left out",
      {
        calls: [call],
        roles: [role()],
      },
      /answer has no “permissions”.*PROJECTS/,
      undefined,
    ],
    [
      "roles that were not requested",
      {
        calls: [call],
        user,
      },
      /Ann has viewer in Shop.*Shop does not assert roles/,
      REQUEST,
    ],
    [
      "a user without roles",
      {
        calls: [call],
        user: { ...user, grants: [] },
      },
      /Ann has no roles/,
      undefined,
    ],
    [
      "deactivated roles",
      {
        calls: [call],
        user: { ...user, grants: [{ ...grant, active: false }] },
      },
      /in Shop are deactivated/,
      undefined,
    ],
    [
      "from outside: only userinfo is bound",
      {
        userinfo: { hasClaim: true },
      },
      /bound to preuserinfo only/,
      SETUP,
    ],
    [
      "from outside: roles were sent",
      {
        userinfo: { hasClaim: false },
        roles: [role()],
      },
      /ZITADEL lists viewer/,
      "Copy “deno task doctor”",
    ],
    [
      "from outside: roles were not requested",
      {
        userinfo: { hasClaim: false },
      },
      /did not request them/,
      "Log in again and request the project’s roles",
    ],
    [
      "from outside: the user has no roles",
      {
        userinfo: { hasClaim: false },
        login: { ...BASE.login!, scope: "urn:zitadel:iam:org:projects:roles" },
      },
      /user has no roles here/,
      undefined,
    ],
    [
      "from outside: userinfo fails",
      {
        userinfo: { hasClaim: false, error: "HTTP 500" },
      },
      /could not be read \(HTTP 500\)/,
      undefined,
    ],
    [
      "a pasted token",
      { login: undefined },
      /pasted token does not/,
      undefined,
    ],
  ];
  for (const [name, part, expected, fix] of cases) {
    await t.step(name, () => {
      const found = diagnose({ ...BASE, ...part })!;
      assert.match(`${found.title} ${found.text}`, expected);
      assert.equal(found.fix?.label, fix);
    });
  }
});

const SETUP = "Copy “deno task setup”";
const REQUEST = "Log in again and request Shop’s roles";

function app(part: Partial<Case["apps"][number]>): Case["apps"][number] {
  return {
    name: "App",
    clientId: "c",
    projectId: "7",
    kind: "oidc",
    redirectUris: ["r"],
    ...part,
  };
}

Deno.test("diagnose() requests the roles of the token's audience", () => {
  assert.deepEqual(
    diagnose({ ...BASE, userinfo: { hasClaim: false } })?.fix?.scopes,
    [
      "urn:zitadel:iam:org:project:id:7:aud",
      "urn:zitadel:iam:org:projects:roles",
    ],
  );
});

Deno.test("findUnrequested() finds active roles of projects that were not sent", async (t) => {
  const found = (part: Partial<Case>) =>
    findUnrequested({ ...BASE, user, ...part });
  await t.step("and the scopes for them", () => {
    assert.deepEqual(found({})?.fix?.scopes, [
      "urn:zitadel:iam:org:project:id:7:aud",
      "urn:zitadel:iam:org:projects:roles",
    ]);
  });
  await t.step("and tells an application of another project", () => {
    const { text } = found({ projects: [{ id: "7", assertsRoles: true }] })!;
    assert.match(text, /only those of the application's own project/);
  });
  const none: [string, Partial<Case>][] = [
    ["the project's roles were sent", { roles: [role()] }],
    ["the token was pasted", { login: undefined }],
    ["the user is not known", { user: undefined }],
    ["the grant is inactive", {
      user: { ...user, grants: [{ ...grant, active: false }] },
    }],
    ["the grant has no roles", {
      user: { ...user, grants: [{ ...grant, roles: [] }] },
    }],
  ];
  for (const [name, part] of none) {
    await t.step(`but not if ${name}`, () => {
      assert.equal(found(part), undefined);
    });
  }
});
