removed {
  from = aws_cloudwatch_log_group.a
  lifecycle { destroy = false }
}
removed {
  from = aws_cloudwatch_log_group.b
  lifecycle { destroy = false }
}
