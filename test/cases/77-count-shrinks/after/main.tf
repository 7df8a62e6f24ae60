resource "aws_cloudwatch_log_group" "ct" {
  count = 1
  name  = "/ct/${count.index}"
  retention_in_days = 7
}
