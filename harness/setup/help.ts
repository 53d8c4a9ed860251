/** The paragraphs of `deno task setup --help`. */
export const SETUP_DETAILS = [
  "Creates or updates the target, writes its signing key into the env file (and ZITADEL_DOMAIN if the file has none), writes the mapping into the organization's metadata, and binds the target to preaccesstoken. Other targets that are bound there stay, in their order.",
  "A target is bound, or moved, only if the function answers at exactly that endpoint and accepts the target's key. Until then everything else is done: start the function with the env file and run the same command again, or use --wait or --start.",
  "--service-user creates a service user that may read the mapping (ORG_OWNER_VIEWER of METADATA_ORGANIZATION, or IAM_OWNER_VIEWER if that is user or grant) and writes its credential into the env file. Run again, it changes nothing while the credential works.",
  "With a fixed METADATA_ORGANIZATION, PROJECTS is proposed: the projects of that organization that have mapped roles.",
];
