variable "name" { type = string }
resource "aws_cloudwatch_log_group" "in" {
  name              = "/m/${var.name}"
  retention_in_days = 7
}
