resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "old" {
  name              = "/acme/old"
  retention_in_days = 7
}
