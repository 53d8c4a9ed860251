import assert from "node:assert/strict";
import { ROOT } from "./_source_files.ts";

Deno.test(".gitignore holds what has secrets: settings, databases, and Terraform's state with its backups", async () => {
  const text = await Deno.readTextFile(new URL(".gitignore", ROOT));
  const patterns = text.split("\n");
  for (
    const pattern of [
      ...[".env*", "*.env", "*.sqlite*"],
      ...["*.tfstate", "*.tfstate.*", ".terraform/"],
    ]
  ) {
    assert.ok(patterns.includes(pattern), pattern);
  }
});
