resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 7
  tags = { Owner = "platform" }
}
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
output "id" { value = aws_vpc.main.id }
