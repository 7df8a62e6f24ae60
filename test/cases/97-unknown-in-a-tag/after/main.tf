resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
  tags = { Owner = "platform", Source = aws_sqs_queue.new.arn }
}
resource "aws_sqs_queue" "new" { name = "new" }
