import { launchBrowser } from "../test/browser.ts";
import { startDevStack } from "./start_dev_stack.ts";

const WIDTH = 1200;
const HEIGHT = 880;

/** Takes the README's picture: a token just after its mapping changed. */
export async function takeScreenshot(path: string): Promise<void> {
  await using stack = await startDevStack({ settings: {}, quiet: true });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({
      viewport: { width: WIDTH, height: HEIGHT },
      deviceScaleFactor: 2,
      colorScheme: "light",
    });
    await page.goto(stack.inspector.origin);
    await page.getByRole("button", { name: "Alice" }).click();
    await page.getByLabel("Permissions of viewer").fill(
      "posts:read, orders:read",
    );
    await page.getByRole("button", { name: "Save and get a new token" })
      .click();
    await page.locator("li.new").waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}
