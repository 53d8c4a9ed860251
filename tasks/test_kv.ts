/** `deno task test:kv`: the tests that need Deno KV's own server. */
import {
  findKvServer,
  HOW_TO_GET_KV_SERVER,
  KV_SERVER,
} from "../harness/test/kv_server.ts";
import { runTests } from "../harness/test/run_tests.ts";

const HELP = `Run the tests of several function processes that share one KV,
against Deno KV's own server (${KV_SERVER}) on loopback. They take some seconds.

Usage: deno task test:kv [DENO TEST OPTIONS]

The server is looked for on PATH and in ~/.cargo/bin. To get it:

  ${HOW_TO_GET_KV_SERVER}`;

if (Deno.args.includes("--help")) {
  console.log(HELP);
} else if (!await findKvServer()) {
  console.error(
    `Cannot run these tests: ${KV_SERVER} is not installed. To get it:\n\n  ${HOW_TO_GET_KV_SERVER}`,
  );
  Deno.exit(1);
} else {
  Deno.exit(await runTests([...Deno.args, "tests/kv/"]));
}
