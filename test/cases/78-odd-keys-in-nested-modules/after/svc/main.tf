variable "keys" { type = list(string) }
resource "aws_cloudwatch_log_group" "g" {
  for_each          = toset(var.keys)
  name              = "/g/${md5(each.key)}"
  retention_in_days = 7
}
