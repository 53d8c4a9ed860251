import assert from "node:assert/strict";
import {
  type Announcement,
  announcementAfter,
  AnnouncementTracker,
  type Changed,
} from "../../../lib/mapping/announcement.ts";
import { testEach } from "../../_test_each.ts";

const NOW = 1_000;

/** The key's values, as announcements follow each other from an empty database. */
function history(...organizations: string[]): Announcement[] {
  const values: Announcement[] = [];
  for (const organization of organizations) {
    values.push(announcementAfter(values.at(-1), organization, NOW));
  }
  return values;
}

/** A tracker that is shown values by their place in a history. */
function setUp(values: readonly Announcement[]) {
  const tracker = new AnnouncementTracker();
  const see = (at: number): Changed =>
    tracker.observe({ value: values[at], versionstamp: `v${at}` });
  return { tracker, see };
}

Deno.test("observe() tells exactly what may have changed since the value seen before", () => {
  // Every pair of values that a watch can show one after the other.
  const organizations = ["a", "b", "b", "b", "c", "b", "a", "a"];
  const values = history(...organizations);
  for (let first = 0; first < values.length; first++) {
    for (let next = first + 1; next < values.length; next++) {
      const { see } = setUp(values);
      assert.equal(see(first), "all", "the first is a gap");
      const missed = new Set(organizations.slice(first + 1, next + 1));
      const [organization] = missed;
      const expected = missed.size === 1 ? { organization } : "all";
      assert.deepEqual(see(next), expected, `${first}, then ${next}`);
    }
  }
});

Deno.test("observe() tells nothing of a version that it has seen, and goes on from a gap", () => {
  const { see } = setUp(history("a", "b", "c", "d"));
  see(0);
  assert.equal(see(2), "all");
  assert.equal(see(2), "none");
  assert.equal(see(0), "none");
  assert.deepEqual(see(3), { organization: "d" });
});

testEach<[value: unknown, isCount?: boolean]>(
  "observe() takes a missing key, garbage and a count that is not above the last for a gap",
  {
    "no key": [null],
    "garbage": ["garbage"],
    "no numbers": [{ organization: "b", from: "1", count: "2" }],
    "numbers that cannot be counted on": [
      { organization: "b", from: 1, count: 2 ** 53 },
    ],
    "the same count": [{ organization: "b", from: 1, count: NOW + 1 }, true],
    "a lower count": [{ organization: "b", from: 1, count: 1 }, true],
  },
  ([value, isCount]) => {
    const { see, tracker } = setUp(history("a", "a"));
    see(0);
    see(1);
    const versionstamp = value === null ? null : "other";
    assert.equal(tracker.observe({ value, versionstamp }), "all");
    if (!isCount) {
      assert.equal(tracker.observe({ value, versionstamp: null }), "all");
    }
    const next = announcementAfter(value, "c", NOW + 9);
    const change = tracker.observe({ value: next, versionstamp: "next" });
    assert.deepEqual(change, isCount ? { organization: "c" } : "all");
  },
);

Deno.test("commit() keeps own announcements from marking anything", async (t) => {
  const values = history("a", "own", "b", "c");
  const setUpOwn = () => {
    const world = setUp(values);
    world.see(0);
    const commit = (at: number) => world.tracker.commit(`v${at}`, values[at]!);
    return { ...world, commit };
  };
  await t.step("whenever the watch shows them", () => {
    const { see, commit } = setUpOwn();
    commit(1);
    assert.equal(see(1), "none");
    assert.deepEqual(see(2), { organization: "b" });
  });
  await t.step("nor makes a gap of them when the watch skips them", () => {
    const { see, commit } = setUpOwn();
    commit(1);
    assert.deepEqual(see(2), { organization: "b" });
  });
  await t.step("nor takes back what was seen since", () => {
    const { see, commit } = setUpOwn();
    see(2);
    commit(1);
    assert.deepEqual(see(3), { organization: "c" });
  });
});

Deno.test("lose() is a gap when it begins and at the next version that was not seen", () => {
  const { see, tracker } = setUp(history("a", "b", "b", "c"));
  assert.equal(tracker.lose(), "none", "nothing was seen yet");
  see(0);
  assert.equal(tracker.lose(), "all");
  assert.equal(tracker.lose(), "none", "once, not with every attempt");
  assert.equal(see(0), "none");
  assert.equal(see(1), "all");
  assert.deepEqual(see(2), { organization: "b" });
});
