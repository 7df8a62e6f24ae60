variable "n" { type = string }
resource "aws_cloudwatch_log_group" "g" {
  name = var.n
  retention_in_days = 7
}
