import assert from "node:assert/strict";
import { choosePort } from "../../../harness/setup/run_function.ts";
import { testEach } from "../../_test_each.ts";

testEach<[set: string | undefined, port: string, isNoted?: boolean]>(
  "choosePort() takes PORT, or the port of an endpoint on this machine, and says if that differs from the endpoint's",
  {
    "http://localhost:22420/": [undefined, "22420"],
    "http://127.0.0.1:22420/": [" ", "22420"],
    "http://[::1]:22420/": [undefined, "22420"],
    "http://my-host:8000/": [undefined, "8000"],
    "http://my-host:9000/": ["9000", "9000"],
    "https://function.example.com/": [undefined, "8000"],
    "https://localhost:8443/": [undefined, "8000"],
    "http://localhost/": [undefined, "8000"],
    "http://my-host:22420/": [undefined, "8000", true],
    "http://localhost:22421/": ["9000", "9000", true],
  },
  ([set, expected, isNoted = false], endpoint) => {
    const { port, note = "" } = choosePort(set, endpoint);
    assert.equal(port, expected);
    const text = `the function listens on ${port}, the endpoint says 2242`;
    assert.equal(note.startsWith(text), isNoted, note);
    assert.equal(note !== "", isNoted);
  },
);
