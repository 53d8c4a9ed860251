import { create, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { ListOrganizationMetadataResponseSchema } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb";
import fc from "fast-check";

/** Organizations with far more metadata than a mapping may have. */
export const HUGE = Array.from({ length: 4 }, (_, i) => `huge-${i}`);

/** As many as a page has; there are always more. */
const PAGE = 1_000;
const TOTAL = 20_000n;
/** From small values, whose pages are read on and on, to as large as ZITADEL takes them: 500 MB a page. */
const valueBytes = fc.integer({ min: 0, max: 7 })
  .map((power) => 3_900 * 2 ** power);

/** Creates what lists the metadata of {@linkcode HUGE}, without holding it. */
export function answerHuge(
  seed: number,
): (path: string, body: Uint8Array) => Response | undefined {
  const sizes = fc.sample(valueBytes, { seed, numRuns: HUGE.length });
  return (path, body) => {
    const request = new TextDecoder().decode(body);
    const bytes = sizes[HUGE.findIndex((id) => request.includes(id))];
    if (bytes === undefined || !path.endsWith("/ListOrganizationMetadata")) {
      return undefined;
    }
    return new Response(ReadableStream.from(pageOf(bytes)), {
      headers: { "content-type": "application/grpc-web+proto" },
    });
  };
}

function* pageOf(valueBytes: number): Generator<Uint8Array<ArrayBuffer>> {
  const schema = ListOrganizationMetadataResponseSchema;
  const value = new Uint8Array(valueBytes).fill(0x61);
  const entry = (index: number) => {
    const key = `role-${String(index).padStart(8, "0")}`;
    return toBinary(schema, create(schema, { metadata: [{ key, value }] }));
  };
  const pagination = { totalResult: TOTAL };
  const total = toBinary(schema, create(schema, { pagination }));
  // Messages one after the other are one message.
  const head = encodeEnvelope(0, new Uint8Array());
  const length = PAGE * entry(0).length + total.length;
  new DataView(head.buffer).setUint32(1, length);
  yield head;
  for (let index = 0; index < PAGE; index++) yield entry(index);
  yield total;
  yield encodeEnvelope(0x80, new TextEncoder().encode("grpc-status: 0\r\n"));
}
