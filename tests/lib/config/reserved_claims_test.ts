import assert from "node:assert/strict";
import { whyReserved } from "../../../lib/config/reserved_claims.ts";

Deno.test("whyReserved() gives a reason when ZITADEL would drop the claim", () => {
  for (const claim of ["urn:zitadel:iam", "urn:zitadel:iam:org:permissions"]) {
    assert.match(String(whyReserved(claim)), /^begins with urn:zitadel:iam:/);
  }
});

Deno.test("whyReserved() gives a reason when ZITADEL sets the claim or cannot read it, in any case and form of letters", () => {
  for (const claim of ["sub", "scope", "ACT", "ſub", "UserName", "azp"]) {
    assert.match(String(whyReserved(claim)), /^is a claim that ZITADEL sets/);
  }
});

Deno.test("whyReserved() gives none when the name is free", () => {
  for (const claim of ["permissions", "scp", "groups", "https://a.example/p"]) {
    assert.equal(whyReserved(claim), undefined);
  }
});
