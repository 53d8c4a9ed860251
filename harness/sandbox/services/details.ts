import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Dated } from "../dated.ts";

/** The v1 APIs' record of when an object changed and who owns it. */
export interface Details {
  readonly sequence: bigint;
  readonly creationDate: Timestamp;
  readonly changeDate: Timestamp;
  readonly resourceOwner: string;
}

export function detailsOf(thing: Dated, owner: string): Details {
  return {
    sequence: BigInt(thing.sequence),
    creationDate: timestampFromDate(thing.created),
    changeDate: timestampFromDate(thing.changed),
    resourceOwner: owner,
  };
}

/** The details of an object that was just created. */
export function createdDetails(
  thing: Dated,
  owner: string,
): Omit<Details, "changeDate"> {
  const { changeDate: _, ...details } = detailsOf(thing, owner);
  return details;
}

/** The details of an object that was just changed. */
export function changedDetails(
  thing: Dated,
  owner: string,
): Omit<Details, "creationDate"> {
  const { creationDate: _, ...details } = detailsOf(thing, owner);
  return details;
}
