import assert from "node:assert/strict";
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

browserTest("inspector: a slow network", { settings: {} }, async (
  { step, stack },
) => {
  for (const [width, height] of [[1440, 900], [360, 740]] as const) {
    await step(`paints early and does not jump, ${width} px`, async (page) => {
      page.setDefaultTimeout(SLOW_TIMEOUT_MS);
      const session = await page.context().newCDPSession(page);
      await session.send("Network.enable");
      await session.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: LATENCY_MS,
        downloadThroughput: -1,
        uploadThroughput: -1,
      });
      const assertStill = async () => {
        const shift = await page.evaluate<number>("globalThis.shift");
        assert.ok(shift <= MAX_SHIFT, `the layout shifted by ${shift}`);
      };
      await page.addInitScript(OBSERVE);
      await page.goto(stack.inspector.origin, { waitUntil: "commit" });
      await page.getByRole("heading", { name: "Loading…" }).waitFor();
      await page.getByRole("heading", { name: "Log in as" }).waitFor();
      const painted = await page.evaluate<number>(
        `performance.getEntriesByName("first-contentful-paint")[0].startTime`,
      );
      assert.ok(painted < FIRST_PAINT_MS, `painted after ${painted} ms`);
      assert.ok(painted >= LATENCY_MS, "the latency has no effect");
      await assertStill();
      await logIn(page, "Alice");
      await page.locator(".chain").waitFor();
      await assertStill();
    }, { viewport: { width, height } });
  }
});
