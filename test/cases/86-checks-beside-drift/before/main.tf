resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
}
resource "aws_cloudwatch_log_group" "b" {
  name              = "/acme/b"
  retention_in_days = 7
  lifecycle {
    postcondition {
      condition     = self.retention_in_days > 0
      error_message = "kept forever"
    }
  }
}

check "retention" {
  assert {
    condition     = aws_cloudwatch_log_group.a.retention_in_days == 90
    error_message = "group a must keep its logs for 90 days"
  }
}
check "fine" {
  assert {
    condition     = aws_cloudwatch_log_group.b.name == "/acme/b"
    error_message = "never"
  }
}
output "name" {
  value = aws_cloudwatch_log_group.a.name
  precondition {
    condition     = aws_cloudwatch_log_group.a.name != ""
    error_message = "no name"
  }
}
