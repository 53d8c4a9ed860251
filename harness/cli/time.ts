import { UsageError } from "./errors.ts";

/** Reads a time of an option, such as `2026-11-29T10:00Z`, in ISO form. */
export function parseTime(text: string, option: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new UsageError(
    `Cannot read the time of ${option}: '${text}'; expected one such as 2026-11-29T10:00:00Z, or 2026-11-29`,
  );
}
