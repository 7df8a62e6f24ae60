output "plan_role" {
  value = aws_iam_role.plan.arn
}

output "apply_role" {
  value = local.makes_apply ? aws_iam_role.apply[0].arn : null
}

output "causes_role" {
  value = var.causes ? aws_iam_role.causes[0].arn : null
}

output "m0_yaml" {
  description = "For the environment of this account in m0.yaml."
  value = yamlencode(merge(
    {
      aws = merge(
        { planRole = aws_iam_role.plan.arn, duration = "${floor(var.max_session / 60)}m" },
        local.makes_apply ? { applyRole = aws_iam_role.apply[0].arn } : {},
        var.external_id == null ? {} : { externalId = var.external_id },
      )
    },
    local.makes_apply ? {} : { realign = "never" },
    var.causes ? {
      causes = {
        cloudtrail = merge(
          { role = aws_iam_role.causes[0].arn },
          var.external_id == null ? {} : { externalId = var.external_id },
        )
      }
    } : {},
  ))
}
