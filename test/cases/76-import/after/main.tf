import {
  to = aws_cloudwatch_log_group.same
  id = "/hand/same"
}
import {
  to = aws_cloudwatch_log_group.differs
  id = "/hand/differs"
}
resource "aws_cloudwatch_log_group" "same" {
  name              = "/hand/same"
  retention_in_days = 3
  tags = { Owner = "bob" }
}
resource "aws_cloudwatch_log_group" "differs" {
  name              = "/hand/differs"
  retention_in_days = 30
  tags = { Owner = "platform" }
}
