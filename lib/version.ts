import project from "../deno.json" with { type: "json" };

/** The version of this function. */
export const VERSION: string = project.version;
