import assert from "node:assert/strict";
import { getPosts, PROJECT } from "./_tokens.ts";
import type { Start } from "./_apis.ts";

const ORGANIZATION = "390000000000000001";
const OTHER = "390000000000000099";
const GIVEN = ["posts:read"];

/** How an API with these settings answers a claim. */
interface Shape {
  readonly name: string;
  readonly settings: {
    readonly PROJECT?: string;
    readonly ORGANIZATION?: string;
    readonly CLAIM?: string;
  };
  readonly cases: readonly { value: unknown; status: 200 | 403 }[];
}

const accepted = (value: unknown) => ({ value, status: 200 as const });
const refused = (value: unknown) => ({ value, status: 403 as const });
const byProject = { [OTHER]: ["posts:write"], [PROJECT]: GIVEN };
const byOrganization = { [ORGANIZATION]: byProject };

/** Every shape that the function can give a claim, and what resembles it. */
const SHAPES: readonly Shape[] = [
  {
    name: "list and string",
    settings: {},
    cases: [
      accepted(["posts:write", "posts:read"]),
      accepted("posts:write posts:read"),
      refused(["posts:readonly", "posts", "POSTS:READ"]),
      refused("posts:readonly reposts:read"),
      refused("posts:read,posts:write"),
      refused(["posts:read posts:write"]),
      refused([GIVEN]),
      refused([]),
      refused(""),
      refused(null),
      refused(true),
      refused({ "posts:read": true }),
      refused(byProject),
      refused(byOrganization),
    ],
  },
  {
    name: "another claim",
    settings: { CLAIM: "scp" },
    cases: [accepted("posts:read"), refused("posts:write")],
  },
  {
    name: "by_project",
    settings: { PROJECT },
    cases: [
      accepted(byProject),
      refused({ [OTHER]: GIVEN }),
      refused({ [PROJECT]: ["posts:readonly"] }),
      refused({ [PROJECT]: "posts:read" }),
      refused({ [PROJECT]: { [PROJECT]: GIVEN } }),
      refused({}),
      refused(byOrganization),
      refused(GIVEN),
      refused("posts:read"),
    ],
  },
  {
    name: "by_organization",
    settings: { PROJECT, ORGANIZATION },
    cases: [
      accepted(byOrganization),
      refused({ [ORGANIZATION]: { [OTHER]: GIVEN } }),
      refused({ [OTHER]: byProject }),
      refused({ [ORGANIZATION]: GIVEN }),
      refused(byProject),
      refused({ [ORGANIZATION]: GIVEN, [PROJECT]: GIVEN }),
      refused(GIVEN),
    ],
  },
  {
    name: "by_organization without a project",
    settings: { ORGANIZATION },
    cases: [refused(byOrganization), refused(GIVEN)],
  },
  {
    name: "by_project with a key of every object's prototype",
    settings: { PROJECT: "__proto__" },
    cases: [
      accepted(JSON.parse('{"__proto__":["posts:read"]}')),
      refused({}),
      refused(GIVEN),
    ],
  },
  {
    name: "by_project with an index",
    settings: { PROJECT: "0" },
    cases: [accepted({ 0: GIVEN }), refused(GIVEN), refused("posts:read")],
  },
];

/** Tests an API with every shape; `carry` returns a token with a claim. */
export async function testShapes(
  t: Deno.TestContext,
  start: Start,
  carry: (name: string, value: unknown) => string | Promise<string>,
): Promise<void> {
  const apis = await Promise.all(SHAPES.map(({ settings }) => start(settings)));
  for (const [index, { name, settings, cases }] of SHAPES.entries()) {
    const api = apis[index]!;
    await t.step(name, async () => {
      for (const { value, status } of cases) {
        const token = await carry(settings.CLAIM ?? "permissions", value);
        const answer = await getPosts(api, `Bearer ${token}`);
        assert.equal(answer.status, status, JSON.stringify(value));
      }
    });
  }
}
