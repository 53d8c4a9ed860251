import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { z } from "zod";
import { launchBrowser } from "../../harness/test/browser.ts";
import {
  type DevStack,
  type DevStackOptions,
  startDevStack,
} from "../../harness/dev/start_dev_stack.ts";
import type { WorldFile } from "../../harness/sandbox/world_file.ts";
import { freePort } from "../../harness/util/free_port.ts";

/** How long a page may take for one thing, in milliseconds. */
const TIMEOUT_MS = 5000;

/** A phone, the narrowest that is supported. */
export const PHONE = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
};

/** How a step is run. */
export interface StepOptions extends BrowserContextOptions {
  /** Complaints of the browser that the step provokes; all others fail it. */
  readonly allow?: RegExp;
}

/** Runs a step on a fresh page, and fails if the browser complained. */
export type Step = (
  name: string,
  work: (page: Page) => Promise<void>,
  options?: StepOptions,
) => Promise<unknown>;

/**
 * Registers a test of the inspector in a real browser, on a sandbox of its own.
 *
 * @param name The test's name.
 * @param options Settings of the stack, and a world if not the repository's.
 * @param run The steps.
 */
export function browserTest(
  name: string,
  options: Pick<DevStackOptions, "settings" | "world">,
  run: (parts: { step: Step; stack: DevStack }) => Promise<void>,
): void {
  Deno.test({
    name,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      await using stack = await startDevStack({
        ...options,
        port: freePort(),
        anyPorts: true,
      });
      const browser = await launchBrowser();
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => browser.close());
      const step: Step = (name, work, { allow, ...context } = {}) =>
        t.step(name, async () => {
          const opened = await browser.newContext(context);
          await using closing = new AsyncDisposableStack();
          closing.defer(() => opened.close());
          const page = await opened.newPage();
          page.setDefaultTimeout(TIMEOUT_MS);
          const complaints: string[] = [];
          page.on("pageerror", (error) => complaints.push(error.message));
          page.on("console", (message) => {
            const text = message.text();
            if (message.type() === "error" && !allow?.test(text)) {
              complaints.push(text);
            }
          });
          await page.goto(stack.inspector.origin);
          await work(page);
          assert.deepEqual(complaints, []);
        });
      await run({ step, stack });
    },
  });
}

/** Logs in as a person of the sandbox, and waits for the token. */
export async function logIn(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.locator("#who").waitFor();
}

/** Logs in again, and requests these scopes instead. */
export async function requestScopes(page: Page, scopes: string) {
  await page.locator("#scopes-summary").click();
  await page.getByLabel("Scopes to request").fill(scopes);
  await click(page, "Log in again with these scopes");
}

/** Clicks a button by its name. */
export async function click(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
}

/** Asks why a permission is missing, and returns the answer once its title matches. */
export async function ask(
  page: Page,
  permission: string,
  title: string | RegExp,
): Promise<string> {
  await page.getByLabel("Why is this permission missing?").fill(permission);
  await diagnosis(page, title);
  return await text(page, "#diagnosis");
}

/** Waits for what is said below the question. */
export async function diagnosis(
  page: Page,
  title: string | RegExp,
): Promise<void> {
  await page.locator("#diagnosis h2").getByText(title).waitFor();
}

/** The token's verdict: its sentence, its checks and the API's answers. */
export function verdict(page: Page): Promise<string> {
  return text(page, "section[aria-label='Token verdict']");
}

/** Pastes a token at the start. */
export async function paste(page: Page, token: string): Promise<void> {
  await page.locator("#paste-summary").click();
  await page.getByLabel("Token (JWT)").fill(token);
  await click(page, "Read the token");
}

/** The access token of the session at hand. */
export async function accessToken(page: Page): Promise<string> {
  return (await page.locator("#Access-token .raw").textContent())!;
}

/** Saves the mapping and waits for what is said beside the button. */
export async function save(page: Page, expected: string | RegExp) {
  await click(page, "Save and get a new token");
  await feedback(page, "save", expected);
}

/** Waits for feedback at a place. */
export async function feedback(
  page: Page,
  place: "start" | "renew" | "save",
  expected: string | RegExp,
): Promise<void> {
  await page.locator(`#${place}-feedback`).getByText(expected).waitFor();
}

/** The visible text of an element, white space collapsed. */
export async function text(page: Page, selector: string): Promise<string> {
  const found = await page.locator(selector).innerText();
  return found.replace(/\s+/g, " ").trim();
}

/** The chain's rows, one line each: the role, the entry, the permissions. */
export function chain(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `[...document.querySelectorAll(".chain > table tbody tr")].map((row) =>
      [...row.children].map((cell) => {
        const input = cell.querySelector("input");
        const list = [...cell.querySelectorAll("li")].map((it) => it.innerText.replace(/^\\S+ grants\\s*/, ""));
        if (input) return input.value;
        return (list.length > 0 ? list.join(", ") : cell.innerText)
          .replace(/\\s+/g, " ").trim();
      }).join(" | "))`,
  );
}

/** The id of the element that has the focus. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.id");
}

/** Replaces an organization's metadata behind the page's back; the function is told of it. */
export async function putMapping(
  { sandbox }: DevStack,
  organization: string,
  entries: Readonly<Record<string, readonly string[] | string>>,
): Promise<void> {
  const { metadata } = sandbox!.world.organizations.get(organization)!;
  const keys = new Set([...metadata.keys(), ...Object.keys(entries)]);
  const changes = Array.from(keys, (key) => {
    const value = entries[key] ?? null;
    return {
      key,
      value: Array.isArray(value) ? JSON.stringify(value) : value,
      before: metadata.get(key)?.value.toBase64() ?? null,
    };
  });
  const path = `_sandbox/organizations/${organization}/metadata`;
  const response = await fetch(`${sandbox!.origin}/${path}`, {
    method: "PATCH",
    body: JSON.stringify(changes),
  });
  await response.body?.cancel();
  await sandbox!.settled();
}

/** Writes a world file that differs from the repository's; it is removed at the end. */
export function temporaryWorld(
  change: (world: z.input<typeof WorldFile>) => void,
): string {
  const url = new URL("../../harness/sandbox/world.json", import.meta.url);
  const world = JSON.parse(Deno.readTextFileSync(url));
  change(world);
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  Deno.writeTextFileSync(path, JSON.stringify(world));
  addEventListener("unload", () => Deno.removeSync(path));
  return path;
}
