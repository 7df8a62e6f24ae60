resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "b" {
  name              = "/acme/b"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "c" {
  name              = "/acme/c"
  retention_in_days = 7
}
output "x" { value = aws_cloudwatch_log_group.b.name }
