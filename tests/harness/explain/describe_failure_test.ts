import assert from "node:assert/strict";
import { STATUS } from "../../../lib/errors.ts";
import {
  describeFailure,
  type TargetCall,
} from "../../../harness/explain/describe_failure.ts";

const CALL = {
  condition: "function/preaccesstoken",
  target: { endpoint: "http://function/" },
};
const BOUND = {
  condition: CALL.condition,
  name: "Webhook",
  endpoint: "http://function/",
  interruptOnError: true,
};

function textOf(
  call: Partial<TargetCall>,
  facts: Partial<Parameters<typeof describeFailure>[1]> = {},
): string {
  const { title, text } = describeFailure({ ...CALL, ...call }, {
    failure: undefined,
    binding: undefined,
    isLogin: false,
    ...facts,
  });
  return `${title}: ${text}`;
}

Deno.test("describeFailure() has a sentence and a remedy of its own for each code", () => {
  const texts = Object.entries(STATUS).map(([code, status]) => {
    const body = JSON.stringify({ error: code });
    const text = textOf({ reply: { status, body } });
    assert.ok(text.startsWith(
      `The function at http://function/ answered ${status} ${code}: `,
    ));
    return text.slice(text.indexOf(": "));
  });
  assert.equal(new Set(texts).size, texts.length);
});

Deno.test("describeFailure() takes the log's message, reason and remedy", () => {
  const reply = { status: 502, body: '{"error":"upstream_failed"}' };
  const failure = { status: 502, message: "M", reason: "timeout", remedy: "R" };
  assert.match(
    textOf({ reply }, { failure }),
    /502 upstream_failed \(timeout\): M\. R\. /,
  );
  assert.match(
    textOf({ reply }, { failure: { status: 502, message: "M" } }),
    /: M\. Its log has the reason/,
  );
  assert.doesNotMatch(
    textOf({ reply }, { failure: { ...failure, status: 504 } }),
    /timeout|M\./,
  );
});

Deno.test("describeFailure() tells what is not the function, and what does not answer", () => {
  const page = { status: 404, body: "<h1>Not found</h1>" };
  assert.match(textOf({ reply: page }), /something else is at this address/);
  assert.match(
    textOf({ error: "connection refused" }),
    /did not answer: ZITADEL got no answer: connection refused/,
  );
});

Deno.test("describeFailure() says what ZITADEL made of it", () => {
  const reply = { status: 401, body: '{"error":"invalid_signature"}' };
  assert.match(textOf({ reply }), /does not interrupt.*without permissions\.$/);
  assert.match(
    textOf({ reply }, { binding: [BOUND] }),
    /interrupts on errors now/,
  );
  assert.match(textOf({ reply }, { isLogin: true }), /issued no token\.$/);
});
