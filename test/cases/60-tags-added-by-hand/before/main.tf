resource "aws_s3_bucket" "logs" {
  bucket = "acme-logs"
  tags   = { Owner = "platform", Env = "prod" }
}
resource "aws_sqs_queue" "plain" { name = "plain" }
