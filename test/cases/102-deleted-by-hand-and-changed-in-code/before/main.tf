resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
  tags = { Owner = "platform" }
}
resource "aws_sqs_queue" "q" { name = "q-one" }
