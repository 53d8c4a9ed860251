import { create, setExtension } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { http } from "@zitadel/proto/google/api/annotations_pb.js";
import { HttpRuleSchema } from "@zitadel/proto/google/api/http_pb.js";
import {
  AuthOptionSchema,
  options as v2Options,
  OptionsSchema,
} from "@zitadel/proto/zitadel/protoc_gen_zitadel/v2/options_pb.js";
import { ActionService as ActionV2beta } from "@zitadel/proto/zitadel/action/v2beta/action_service_pb.js";
import { deriveV2 } from "../derive_v2.ts";
import type { PayloadType } from "../world.ts";

const TARGET_PROTO = "zitadel/action/v2beta/target.proto";
const SERVICE_PROTO = "zitadel/action/v2beta/action_service.proto";
const PACKAGE = ".zitadel.action.v2.";
const { STRING, BYTES, BOOL, ENUM, MESSAGE } = FieldDescriptorProto_Type;
const TIMESTAMP = ".google.protobuf.Timestamp";

/** A field of v2 that the published descriptors lack. */
interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: FieldDescriptorProto_Type;
  readonly typeName?: string;
  readonly repeated?: boolean;
}

const text = (name: string, number: number): Field => ({
  name,
  number,
  type: STRING,
});
const time = (name: string, number: number): Field => ({
  name,
  number,
  type: MESSAGE,
  typeName: TIMESTAMP,
});
const payloadType = (number: number): Field => ({
  name: "payload_type",
  number,
  type: ENUM,
  typeName: `${PACKAGE}PayloadType`,
});

/** The static type of an action service, without the additions of v2. */
export type ActionDescriptor = typeof ActionV2beta;

/** Payload types by their numbers on the wire. */
export const PAYLOAD_TYPES: readonly (PayloadType | undefined)[] = [
  undefined,
  "json",
  "jwt",
  "jwe",
];

/** The methods for targets' public keys, since v4.8. */
const KEY_METHODS = [
  ["AddPublicKey", "post", ""],
  ["ActivatePublicKey", "post", "/{key_id}/activate"],
  ["DeactivatePublicKey", "post", "/{key_id}/deactivate"],
  ["RemovePublicKey", "delete", "/{key_id}"],
  ["ListPublicKeys", "post", "/search"],
] as const;

const KEY_MESSAGES: Readonly<Record<string, readonly Field[]>> = {
  AddPublicKeyRequest: [
    text("target_id", 1),
    { name: "public_key", number: 2, type: BYTES },
    time("expiration_date", 3),
  ],
  AddPublicKeyResponse: [text("key_id", 1), time("creation_date", 2)],
  ActivatePublicKeyRequest: [text("target_id", 1), text("key_id", 2)],
  ActivatePublicKeyResponse: [time("change_date", 1)],
  DeactivatePublicKeyRequest: [text("target_id", 1), text("key_id", 2)],
  DeactivatePublicKeyResponse: [time("change_date", 1)],
  RemovePublicKeyRequest: [text("target_id", 1), text("key_id", 2)],
  RemovePublicKeyResponse: [time("deletion_date", 1)],
  ListPublicKeysRequest: [text("target_id", 1)],
  ListPublicKeysResponse: [
    {
      name: "public_keys",
      number: 1,
      type: MESSAGE,
      typeName: `${PACKAGE}PublicKey`,
      repeated: true,
    },
  ],
};

const PUBLIC_KEY: readonly Field[] = [
  text("key_id", 1),
  { name: "active", number: 2, type: BOOL },
  { name: "public_key", number: 3, type: BYTES },
  text("fingerprint", 4),
  time("expiration_date", 5),
  time("creation_date", 6),
  time("change_date", 7),
];

/**
 * ActionService v2: the published v2beta descriptor with the additions of v4.8:
 * payload types and public keys.
 */
export const ActionV2: ActionDescriptor = deriveV2(ActionV2beta, (file) => {
  if (file.name === TARGET_PROTO) {
    addFields(file, "Target", [payloadType(11)]);
    file.messageType.push(message("PublicKey", PUBLIC_KEY));
    file.enumType.push(create(EnumDescriptorProtoSchema, {
      name: "PayloadType",
      value: ["UNSPECIFIED", "JSON", "JWT", "JWE"].map((name, number) => ({
        name: `PAYLOAD_TYPE_${name}`,
        number,
      })),
    }));
  }
  if (file.name === SERVICE_PROTO) {
    addFields(file, "CreateTargetRequest", [payloadType(7)]);
    addFields(file, "UpdateTargetRequest", [payloadType(9)]);
    for (const [name, fields] of Object.entries(KEY_MESSAGES)) {
      file.messageType.push(message(name, fields));
    }
    for (const [name, verb, path] of KEY_METHODS) {
      file.service[0]!.method.push(keyMethod(name, verb, path));
    }
  }
});

function addFields(
  file: FileDescriptorProto,
  name: string,
  fields: readonly Field[],
): void {
  file.messageType.find((message) => message.name === name)!.field.push(
    ...fields.map(field),
  );
}

function message(name: string, fields: readonly Field[]) {
  return create(DescriptorProtoSchema, { name, field: fields.map(field) });
}

function field({ name, number, type, typeName, repeated }: Field) {
  return create(FieldDescriptorProtoSchema, {
    name,
    jsonName: name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase()),
    number,
    type,
    label: repeated
      ? FieldDescriptorProto_Label.REPEATED
      : FieldDescriptorProto_Label.OPTIONAL,
    ...(typeName !== undefined && { typeName }),
  });
}

function keyMethod(name: string, verb: "post" | "delete", path: string) {
  const options = create(MethodOptionsSchema);
  setExtension(
    options,
    http,
    create(HttpRuleSchema, {
      pattern: {
        case: verb,
        value: `/v2/actions/targets/{target_id}/publickeys${path}`,
      },
      body: verb === "post" ? "*" : "",
    }),
  );
  const right = name === "ListPublicKeys" ? "read" : "write";
  setExtension(
    options,
    v2Options,
    create(OptionsSchema, {
      authOption: create(AuthOptionSchema, {
        permission: `action.target.${right}`,
      }),
    }),
  );
  return create(MethodDescriptorProtoSchema, {
    name,
    inputType: `${PACKAGE}${name}Request`,
    outputType: `${PACKAGE}${name}Response`,
    options,
  });
}
