import { PROJECT } from "./_issuer.ts";

const ORGANIZATION = "390000000000000001";
const OTHER = "390000000000000099";
const GIVEN = ["posts:read"];

const byProject = { [OTHER]: ["posts:write"], [PROJECT]: GIVEN };
const byOrganization = { [ORGANIZATION]: byProject };

/** How an API with these settings answers a claim. */
interface Shape {
  readonly settings: Readonly<Record<string, string>>;
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
}

/** Every shape that the function can give a claim, and what resembles it. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  "list and string": {
    settings: {},
    accepted: [["posts:write", "posts:read"], "posts:write posts:read"],
    refused: [
      ["posts:readonly", "posts", "POSTS:READ"],
      ["posts:read posts:write"],
      "posts:readonly reposts:read",
      "posts:read,posts:write",
      { "posts:read": true },
      ...[[GIVEN], [], "", null, true, byProject, byOrganization],
    ],
  },
  "another claim": {
    settings: { CLAIM: "scp" },
    accepted: ["posts:read"],
    refused: ["posts:write"],
  },
  by_project: {
    settings: { PROJECT },
    accepted: [byProject],
    refused: [
      { [OTHER]: GIVEN },
      { [PROJECT]: ["posts:readonly"] },
      { [PROJECT]: "posts:read" },
      { [PROJECT]: { [PROJECT]: GIVEN } },
      ...[{}, byOrganization, GIVEN, "posts:read"],
    ],
  },
  by_organization: {
    settings: { PROJECT, ORGANIZATION },
    accepted: [byOrganization],
    refused: [
      { [ORGANIZATION]: { [OTHER]: GIVEN } },
      { [OTHER]: byProject },
      { [ORGANIZATION]: GIVEN },
      { [ORGANIZATION]: GIVEN, [PROJECT]: GIVEN },
      ...[byProject, GIVEN],
    ],
  },
  "by_organization without a project": {
    settings: { ORGANIZATION },
    accepted: [],
    refused: [byOrganization, GIVEN],
  },
  "by_project with a key of every object's prototype": {
    settings: { PROJECT: "__proto__" },
    accepted: [JSON.parse('{"__proto__":["posts:read"]}')],
    refused: [{}, GIVEN],
  },
  "by_project with an index": {
    settings: { PROJECT: "0" },
    accepted: [{ 0: GIVEN }],
    refused: [GIVEN, "posts:read"],
  },
};
