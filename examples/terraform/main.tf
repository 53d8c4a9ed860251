# Connects the permissions function to ZITADEL: what `deno task setup` does, as
# Terraform resources. Use one or the other for a target, not both.

terraform {
  required_version = ">= 1.5"
  required_providers {
    zitadel = {
      source = "zitadel/zitadel"
      # 2.5 is the first with access_token and execution resources;
      # zitadel_organization_metadata is newer: use the latest version.
      version = ">= 2.5"
    }
  }
}

variable "zitadel_domain" {
  description = "The instance's host, such as my-instance.zitadel.cloud."
  type        = string
}

variable "zitadel_admin_token" {
  description = "A personal access token of a service user with the role IAM_OWNER."
  type        = string
  sensitive   = true
}

variable "organization_id" {
  description = "The organization that holds the mapping: METADATA_ORGANIZATION of the function."
  type        = string
}

variable "projects" {
  description = "PROJECTS: the ids of the projects whose roles count."
  type        = list(string)
}

variable "settings" {
  description = "Other settings of the function by name, such as GRANTED_BY and APPLICATIONS."
  type        = map(string)
  default     = {}
}

variable "endpoint" {
  description = "Where the function answers, exactly as ZITADEL calls it."
  type        = string
}

variable "key_expires" {
  description = "When the function's key expires, such as 2027-11-30T00:00:00Z."
  type        = string
}

variable "is_running" {
  description = "Whether the function runs with the settings of this configuration. Bind it only then."
  type        = bool
  default     = false
}

provider "zitadel" {
  domain       = var.zitadel_domain
  access_token = var.zitadel_admin_token
}

# --- The mapping: the same file as for `deno task roles` ---

locals {
  file = jsondecode(file("${path.module}/roles.json"))

  # {"admin": [...]} is the metadata key "admin".
  plain = {
    for key, value in local.file : key => jsonencode(value)
    if can(tolist(value))
  }

  # {"<project id>": {"admin": [...]}} is the metadata key "<project id>:admin".
  qualified = merge([
    for project, roles in local.file : {
      for role, value in roles : "${project}:${role}" => jsonencode(value)
    } if can(keys(roles))
  ]...)
}

resource "zitadel_organization_metadata" "role" {
  for_each        = merge(local.plain, local.qualified)
  organization_id = var.organization_id
  key             = each.key
  value           = each.value
}

# --- The function's service user: it may read the organization, nothing else ---

resource "zitadel_machine_user" "function" {
  org_id      = var.organization_id
  user_name   = "permissions-function"
  name        = "permissions-function"
  description = "Reads role mappings for the permissions function (managed by Terraform)"
}

resource "zitadel_org_member" "function" {
  org_id  = var.organization_id
  user_id = zitadel_machine_user.function.id
  roles   = ["ORG_OWNER_VIEWER"]
}

resource "zitadel_machine_key" "function" {
  org_id          = var.organization_id
  user_id         = zitadel_machine_user.function.id
  key_type        = "KEY_TYPE_JSON"
  expiration_date = var.key_expires
}

# --- The target and what calls it ---

resource "zitadel_action_target" "function" {
  name        = "Authorization Webhook"
  endpoint    = var.endpoint
  target_type = "REST_CALL"
  timeout     = "10s"
  # Leave it off at creation: ZITADEL ignores a first update from on to off.
  interrupt_on_error = false
  payload_type       = "PAYLOAD_TYPE_JSON"
}

# These lists replace whatever else is bound to the function or event.
resource "zitadel_action_execution_function" "preaccesstoken" {
  count      = var.is_running ? 1 : 0
  name       = "preaccesstoken"
  target_ids = [zitadel_action_target.function.id]
}

resource "zitadel_action_execution_event" "metadata" {
  count      = var.is_running ? 1 : 0
  group      = "org.metadata"
  target_ids = [zitadel_action_target.function.id]
}

# --- The function's settings ---

locals {
  settings = merge(var.settings, {
    ZITADEL_DOMAIN            = var.zitadel_domain
    METADATA_ORGANIZATION     = var.organization_id
    PROJECTS                  = join(",", var.projects)
    AUTHORIZATION_SIGNING_KEY = zitadel_action_target.function.signing_key
    # On one line; the end is for the function's own warning.
    SERVICE_ACCOUNT_KEY = jsonencode(merge(
      { expirationDate = var.key_expires },
      jsondecode(zitadel_machine_key.function.key_details),
    ))
  })
}

output "env_file" {
  description = "`terraform output -raw env_file > .env`; a secret, as is the state."
  sensitive   = true
  # Without quotes: container runtimes would keep them.
  value = join("", [for name, value in local.settings : "${name}=${value}\n" if value != ""])
}
