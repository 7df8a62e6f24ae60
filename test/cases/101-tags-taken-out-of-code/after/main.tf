resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "b" {
  name              = "/acme/b"
  retention_in_days = 7
  tags = { Owner = "platform" }
}
resource "aws_cloudwatch_log_group" "d" {
  name              = "/acme/d"
  retention_in_days = 7
}
