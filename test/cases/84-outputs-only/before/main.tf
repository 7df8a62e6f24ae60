resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}

output "a" { value = 1 }
output "b" { value = "gone" }
output "s" {
  value     = "hush-hush-0001"
  sensitive = true
}
