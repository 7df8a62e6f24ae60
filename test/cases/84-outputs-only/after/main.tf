resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}

output "a" { value = 2 }
output "c" { value = aws_cloudwatch_log_group.a.arn }
output "s" {
  value     = "hush-hush-0002"
  sensitive = true
}
