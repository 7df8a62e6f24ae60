module "m" {
  source   = "./m"
  for_each = { "x.y" = "/acme/a" }
  n        = each.value
}
moved {
  from = aws_cloudwatch_log_group.a
  to   = module.m["x.y"].aws_cloudwatch_log_group.g
}
moved {
  from = aws_cloudwatch_log_group.b
  to   = aws_cloudwatch_log_group.b2
}
moved {
  from = aws_cloudwatch_log_group.c
  to   = aws_cloudwatch_log_group.c2
}
resource "aws_cloudwatch_log_group" "b2" {
  name              = "/acme/b"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "c2" {
  name              = "/acme/c"
  retention_in_days = 30
}
