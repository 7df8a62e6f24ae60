resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
  tags = { Owner = "platform" }
  lifecycle { ignore_changes = [tags] }
}
resource "aws_cloudwatch_log_group" "b" {
  name              = "/acme/b"
  retention_in_days = 7
  tags = { Owner = "platform" }
  lifecycle { ignore_changes = [tags] }
}
