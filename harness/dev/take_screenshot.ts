import { launchBrowser } from "../test/browser.ts";
import { startDevStack } from "./start_dev_stack.ts";

const WIDTH = 1200;
const HEIGHT = 1120;

/** Takes the README's picture, in one of the two color schemes: why a permission is missing. */
export async function takeScreenshot(
  path: string,
  colorScheme: "light" | "dark",
): Promise<void> {
  await using stack = await startDevStack({ settings: {} });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({
      viewport: { width: WIDTH, height: HEIGHT },
      deviceScaleFactor: 2,
      colorScheme,
    });
    await page.goto(stack.inspector.origin);
    await page.getByRole("button", { name: "Alice" }).click();
    await page.getByLabel("Why is this permission missing?").fill("stock:pick");
    await page.getByRole("heading", {
      name: "This login did not request Warehouse’s roles",
    })
      .waitFor();
    await page.locator("h1").focus();
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
}
