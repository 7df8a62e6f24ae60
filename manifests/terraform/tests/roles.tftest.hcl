# `terraform test`: asks no cloud. What is computed there has made-up values here.
mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/m0" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  state        = { bucket_arn = "arn:aws:s3:::acme-terraform-states" }
  m0_principal = "arn:aws:iam::999999999999:role/m0"
  external_id  = "acme-m0"
}

run "without_applies" {
  assert {
    condition     = length(aws_iam_role.apply) == 0 && output.apply_role == null
    error_message = "nobody said what applies may do, so there is no role for them"
  }
  assert {
    condition     = yamldecode(output.m0_yaml).realign == "never"
    error_message = "without a role for applies m0 only tells of drift"
  }
  assert {
    condition     = yamldecode(output.m0_yaml).aws.externalId == "acme-m0"
    error_message = "m0 must send the external id"
  }
  assert {
    condition     = flatten(data.aws_iam_policy_document.looks_up_events.statement[*].actions) == ["cloudtrail:LookupEvents"]
    error_message = "the role for causes looks up events and does nothing else"
  }
  assert {
    condition     = one(data.aws_iam_policy_document.trust.statement[0].condition).variable == "sts:ExternalId"
    error_message = "the trust asks for the external id"
  }
  assert {
    condition     = length(setintersection(flatten([for s in data.aws_iam_policy_document.reads_state.statement : s.actions if s.effect != "Deny"]), ["s3:PutObject", "s3:DeleteObject"])) == 0
    error_message = "a plan writes no state"
  }
}

run "with_applies_and_a_web_identity" {
  variables {
    m0_principal      = null
    external_id       = null
    apply_policy_arns = ["arn:aws:iam::aws:policy/PowerUserAccess"]
    max_session       = 5400
    causes            = false
    web_identity = {
      provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.acme.dev"
      issuer       = "oidc.acme.dev"
      subject      = "system:serviceaccount:m0:m0"
    }
  }
  assert {
    condition     = length(aws_iam_role.apply) == 1 && length(aws_iam_role.causes) == 0
    error_message = "there is a role for applies, and none for causes"
  }
  assert {
    condition     = yamldecode(output.m0_yaml).aws.duration == "90m"
    error_message = "m0 asks for as long a session as the roles allow"
  }
  assert {
    condition     = toset(data.aws_iam_policy_document.trust.statement[0].condition[*].variable) == toset(["oidc.acme.dev:sub", "oidc.acme.dev:aud"])
    error_message = "the trust names the subject and the audience"
  }
}

run "nobody_may_assume_it" {
  command = plan
  variables {
    m0_principal = null
  }
  expect_failures = [aws_iam_role.plan]
}
