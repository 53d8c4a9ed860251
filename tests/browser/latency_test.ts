import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest, logIn } from "./_browser.ts";

const LATENCY_MS = 500;
const FIRST_PAINT_MS = 800;
/** A login makes ten requests in a row. */
const SLOW_TIMEOUT_MS = 20_000;
const MAX_SHIFT = 0.05;

/** Adds up the layout shifts that a person did not cause, and notes the paints. */
const OBSERVE = `
  globalThis.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) globalThis.shift += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });`;

browserTest(
  "inspector: a slow network",
  { settings: {} },
  async ({ step, stack }) => {
    for (
      const viewport of [{ width: 1440, height: 900 }, {
        width: 360,
        height: 740,
      }]
    ) {
      await step(
        `paints early and does not jump, ${viewport.width} px`,
        async (page) => {
          page.setDefaultTimeout(SLOW_TIMEOUT_MS);
          await slowDown(page);
          await page.addInitScript(OBSERVE);
          await page.goto(stack.inspector.origin, { waitUntil: "commit" });
          await page.getByRole("heading", { name: "Loading…" }).waitFor();
          await page.getByRole("heading", { name: "Log in as" }).waitFor();
          const painted = await page.evaluate<number>(
            `performance.getEntriesByName("first-contentful-paint")[0].startTime`,
          );
          assert.ok(painted < FIRST_PAINT_MS, `painted after ${painted} ms`);
          assert.ok(painted >= LATENCY_MS, "the latency has no effect");
          await assertStill(page);
          await logIn(page, "Alice");
          await page.locator(".chain").waitFor();
          await assertStill(page);
        },
        { viewport },
      );
    }

    await step("has style and settings in the page itself", async (page) => {
      const loads: string[] = [];
      page.on(
        "request",
        (request) => loads.push(new URL(request.url()).pathname),
      );
      await page.reload();
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
      assert.ok(loads.includes("/inspector.js"));
      assert.deepEqual(
        loads.filter((path) => /settings|style/.test(path)),
        [],
      );
    });
  },
);

async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
}

async function assertStill(page: Page): Promise<void> {
  const shift = await page.evaluate<number>("globalThis.shift");
  assert.ok(shift <= MAX_SHIFT, `the layout shifted by ${shift}`);
}
