variable "prefix" {
  description = "The roles are named PREFIX-plan, PREFIX-apply and PREFIX-causes."
  type        = string
  default     = "m0"
}

variable "m0_principal" {
  description = "ARN of the identity that m0 has: a role of its machine, of its pod or of its task. Null where it has a web identity."
  type        = string
  default     = null
}

variable "external_id" {
  description = "What m0 must send along with each call: externalId in m0.yaml. Only with m0_principal."
  type        = string
  default     = null
}

variable "web_identity" {
  description = "The OIDC provider of AWS whose tokens m0 has in webIdentityTokenFile, and what they must say. Null where m0 has a principal."
  type = object({
    provider_arn = string
    # Without https://
    issuer   = string
    subject  = string
    audience = optional(string, "sts.amazonaws.com")
  })
  default = null
}

variable "state" {
  description = "Where the states are. lock_table is null with use_lockfile of the backend."
  type = object({
    bucket_arn     = string
    prefix         = optional(string, "")
    kms_key_arn    = optional(string)
    lock_table_arn = optional(string)
  })
}

variable "denied_reads" {
  description = "What plans may not read, although ReadOnlyAccess allows it: data, which no plan of yours needs. Not the states."
  type        = list(string)
  default     = ["s3:GetObject*", "dynamodb:Scan", "dynamodb:Query", "sqs:ReceiveMessage", "kinesis:GetRecords"]
}

variable "apply_policy_arns" {
  description = "What applies may do. Empty: there is no role for applies, and m0 only tells of drift (realign: never)."
  type        = list(string)
  default     = []
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the role for applies."
  type        = string
  default     = null
}

variable "max_session" {
  description = "How long a session lasts at most, in seconds: duration in m0.yaml."
  type        = number
  default     = 3600
}

variable "causes" {
  description = "True: m0 asks CloudTrail who changed something."
  type        = bool
  default     = true
}
