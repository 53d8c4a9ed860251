import login from "../../fixtures/calls/human_login.json" with { type: "json" };
import { parsePayload } from "../../lib/request/payload.ts";

const { body } = login.request;
const value = JSON.parse(body);

Deno.bench(
  "JSON.parse() of a login",
  { group: "payload", baseline: true },
  () => {
    JSON.parse(body);
  },
);

Deno.bench("parsePayload() of a login", { group: "payload" }, () => {
  parsePayload(value);
});
