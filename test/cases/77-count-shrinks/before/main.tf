resource "aws_cloudwatch_log_group" "ct" {
  count = 3
  name  = "/ct/${count.index}"
  retention_in_days = 7
}
