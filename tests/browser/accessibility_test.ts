import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { serveInspector } from "../../harness/inspector/server.ts";
import { ask, browserTest, click, logIn, PHONE, save } from "./_browser.ts";

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

const AXE = new URL(import.meta.resolve("axe-core"));

/** Every view that differs in its elements, and how to get there. */
const VIEWS: [string, (page: Page) => Promise<void>][] = [
  ["the start", async () => {}],
  ["a token", (page) => logIn(page, "Alice")],
  ["a row that cannot be saved", async (page) => {
    await logIn(page, "Bob");
    await click(page, "Edit mapping");
    await click(page, "Add a role");
    await page.getByLabel("Role name").fill("editor");
    await save(page, /^Not saved/);
  }],
  ["an answer", async (page) => {
    await logIn(page, "Bob");
    await ask(page, "Posts:Write", /No entry grants/);
  }],
  ["no permissions", (page) => logIn(page, "Nora")],
];

browserTest(
  "inspector: accessibility",
  { settings: {} },
  async ({ step, stack }) => {
    const schemes = [
      ["light", {}],
      ["dark", { colorScheme: "dark" }],
      ["light, 360 px", PHONE],
      ["dark, 360 px", { ...PHONE, colorScheme: "dark" }],
    ] as const;
    for (const [scheme, options] of schemes) {
      await step(`axe finds nothing, ${scheme}`, async (page) => {
        // Leaving a page with edits asks.
        page.on("dialog", (dialog) => dialog.accept());
        for (const [view, open] of VIEWS) {
          await page.goto(stack.inspector.origin);
          await page.getByRole("button", { name: "Alice" }).waitFor();
          await open(page);
          await openAll(page);
          assert.deepEqual(await violations(page), [], view);
        }
      }, { ...options, bypassCSP: true });
    }

    await step("axe finds nothing on a real instance's start", async (page) => {
      await using other = serveInspector({
        issuer: stack.issuer,
        port: 0,
      });
      await page.goto(other.origin);
      await page.getByLabel("Client id").waitFor();
      await openAll(page);
      assert.deepEqual(await violations(page), []);
    }, { bypassCSP: true });

    await step("a field's border has a contrast of 3 to 1", async (page) => {
      await page.getByLabel("Application").waitFor();
      const [border, ground] = await page.evaluate<[string, string]>(
        `[getComputedStyle(document.getElementById("app")).borderColor,
          getComputedStyle(document.body).backgroundColor]`,
      );
      assert.ok(contrast(border!, ground!) >= 3, `${border} on ${ground}`);
    });
  },
);

async function openAll(page: Page): Promise<void> {
  await page.evaluate(
    "document.querySelectorAll('details').forEach((it) => it.open = true)",
  );
}

async function violations(page: Page): Promise<string[]> {
  if (!await page.evaluate<boolean>("'axe' in window")) {
    await page.addScriptTag({ content: await Deno.readTextFile(AXE) });
  }
  const found = await page.evaluate<Violation[]>(
    "axe.run().then(({ violations }) => violations)",
  );
  return found.map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html }) => html).join(" ")}`
  );
}

/** As WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) =>
    a - b
  );
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map((text) => {
    const part = Number(text) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
