resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 30
  tags = { Owner = "sre" }
}
resource "aws_sqs_queue" "q" { name = "q-two" }
