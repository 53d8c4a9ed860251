import {
  clone,
  createFileRegistry,
  type DescFile,
  type DescService,
  getExtension,
  hasExtension,
  setExtension,
} from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { http } from "@zitadel/proto/google/api/annotations_pb.js";

/**
 * Derives the v2 descriptor of a service whose published descriptor is v2beta.
 * On the wire both are the same; names, paths and the edits differ.
 */
export function deriveV2<Service extends DescService>(
  service: Service,
  edit: (file: FileDescriptorProto) => void = () => {},
): Service {
  const from = service.file.proto.package;
  const to = from.replace("v2beta", "v2");
  const files = dependenciesFirst(service.file).map((file) => {
    const copy = clone(FileDescriptorProtoSchema, file.proto);
    if (copy.package === from) copy.package = to;
    edit(copy);
    for (const message of copy.messageType) renameTypes(message, from, to);
    for (const { method } of copy.service) {
      for (const rpc of method) {
        rpc.inputType = renamed(rpc.inputType, from, to);
        rpc.outputType = renamed(rpc.outputType, from, to);
        if (!rpc.options || !hasExtension(rpc.options, http)) continue;
        const rule = getExtension(rpc.options, http);
        if (typeof rule.pattern.value === "string") {
          rule.pattern.value = rule.pattern.value.replace("/v2beta/", "/v2/");
        }
        setExtension(rpc.options, http, rule);
      }
    }
    return copy;
  });
  const registry = createFileRegistry({
    $typeName: "google.protobuf.FileDescriptorSet",
    file: files,
  });
  return registry.getService(service.typeName.replace(from, to)) as Service;
}

/** Renames a field, in JSON too, if the file has it. */
export function renameField(
  file: FileDescriptorProto,
  message: string,
  [from, to]: readonly [string, string],
): void {
  const field = file.messageType.find(({ name }) => name === message)
    ?.field.find(({ name }) => name === from);
  if (!field) return;
  field.name = to;
  field.jsonName = to.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function dependenciesFirst(
  file: DescFile,
  seen = new Set<string>(),
): DescFile[] {
  if (seen.has(file.proto.name)) return [];
  seen.add(file.proto.name);
  return [
    ...file.dependencies.flatMap((dependency) =>
      dependenciesFirst(dependency, seen)
    ),
    file,
  ];
}

function renameTypes(message: DescriptorProto, from: string, to: string): void {
  for (const field of message.field) {
    field.typeName = renamed(field.typeName, from, to);
  }
  for (const nested of message.nestedType) renameTypes(nested, from, to);
}

function renamed(typeName: string, from: string, to: string): string {
  return typeName.startsWith(`.${from}.`)
    ? `.${to}.${typeName.slice(from.length + 2)}`
    : typeName;
}
