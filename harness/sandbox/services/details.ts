import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Dated } from "../dated.ts";

/** What the v1 APIs tell of a thing. */
export interface Details {
  readonly sequence: bigint;
  readonly creationDate: Timestamp;
  readonly changeDate: Timestamp;
  readonly resourceOwner: string;
}

/** The details that the v1 APIs tell of a thing. */
export function detailsOf(thing: Dated, owner: string): Details {
  return {
    sequence: BigInt(thing.sequence),
    creationDate: timestampFromDate(thing.created),
    changeDate: timestampFromDate(thing.changed),
    resourceOwner: owner,
  };
}

/** The details of something that was just made. */
export function madeDetails(
  thing: Dated,
  owner: string,
): Omit<Details, "changeDate"> {
  const { changeDate: _, ...details } = detailsOf(thing, owner);
  return details;
}

/** The details of something that was just changed. */
export function changedDetails(
  thing: Dated,
  owner: string,
): Omit<Details, "creationDate"> {
  const { creationDate: _, ...details } = detailsOf(thing, owner);
  return details;
}
