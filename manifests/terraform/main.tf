# The roles that m0 assumes in one account of AWS. Apply it once in each account.

locals {
  state_objects = "${var.state.bucket_arn}/${var.state.prefix}*"
  makes_apply   = length(var.apply_policy_arns) > 0
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.m0_principal == null ? [] : [var.m0_principal]
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "AWS"
        identifiers = [statement.value]
      }
      dynamic "condition" {
        for_each = var.external_id == null ? [] : [var.external_id]
        content {
          test     = "StringEquals"
          variable = "sts:ExternalId"
          values   = [condition.value]
        }
      }
    }
  }

  dynamic "statement" {
    for_each = var.web_identity == null ? [] : [var.web_identity]
    content {
      actions = ["sts:AssumeRoleWithWebIdentity"]
      principals {
        type        = "Federated"
        identifiers = [statement.value.provider_arn]
      }
      condition {
        test     = "StringEquals"
        variable = "${statement.value.issuer}:sub"
        values   = [statement.value.subject]
      }
      condition {
        test     = "StringEquals"
        variable = "${statement.value.issuer}:aud"
        values   = [statement.value.audience]
      }
    }
  }
}

# Plans: read only. They run the code of stacks, of its modules and providers.
resource "aws_iam_role" "plan" {
  name                 = "${var.prefix}-plan"
  description          = "m0 plans with it. It changes nothing."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = var.max_session

  lifecycle {
    precondition {
      condition     = (var.m0_principal == null) != (var.web_identity == null)
      error_message = "Set either m0_principal or web_identity: somebody must be able to assume the roles, and nobody else."
    }
  }
}

resource "aws_iam_role_policy_attachment" "plan_reads" {
  role       = aws_iam_role.plan.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

# A check plans without a lock, so it writes nothing to the backend.
data "aws_iam_policy_document" "reads_state" {
  statement {
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [var.state.bucket_arn]
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = [local.state_objects]
  }
  dynamic "statement" {
    for_each = var.state.kms_key_arn == null ? [] : [var.state.kms_key_arn]
    content {
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = length(var.denied_reads) == 0 ? [] : [var.denied_reads]
    content {
      effect        = "Deny"
      actions       = statement.value
      not_resources = [var.state.bucket_arn, local.state_objects]
    }
  }
}

resource "aws_iam_role_policy" "plan_state" {
  name   = "state"
  role   = aws_iam_role.plan.id
  policy = data.aws_iam_policy_document.reads_state.json
}

# Applies: only the process `terraform apply` gets it, for a plan that policies or people have approved.
resource "aws_iam_role" "apply" {
  count = local.makes_apply ? 1 : 0

  name                 = "${var.prefix}-apply"
  description          = "m0 applies with it what was approved."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
  max_session_duration = var.max_session
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = toset(var.apply_policy_arns)

  role       = aws_iam_role.apply[0].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "writes_state" {
  statement {
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [var.state.bucket_arn]
  }
  # DeleteObject: the lock of use_lockfile is an object beside the state.
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = [local.state_objects]
  }
  dynamic "statement" {
    for_each = var.state.kms_key_arn == null ? [] : [var.state.kms_key_arn]
    content {
      actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.state.lock_table_arn == null ? [] : [var.state.lock_table_arn]
    content {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "apply_state" {
  count = local.makes_apply ? 1 : 0

  name   = "state"
  role   = aws_iam_role.apply[0].id
  policy = data.aws_iam_policy_document.writes_state.json
}

# Causes: who changed the cloud, and nothing else. It can't even read what was changed.
data "aws_iam_policy_document" "looks_up_events" {
  statement {
    actions   = ["cloudtrail:LookupEvents"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "causes" {
  count = var.causes ? 1 : 0

  name                 = "${var.prefix}-causes"
  description          = "m0 asks CloudTrail with it who changed something."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = var.max_session
}

resource "aws_iam_role_policy" "causes" {
  count = var.causes ? 1 : 0

  name   = "lookup-events"
  role   = aws_iam_role.causes[0].id
  policy = data.aws_iam_policy_document.looks_up_events.json
}
