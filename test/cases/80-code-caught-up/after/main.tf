resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port = 443
    to_port = 443
    protocol = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port = 22
    to_port = 22
    protocol = "tcp"
    cidr_blocks = ["203.0.113.7/32"]
    description = "hotfix"
  }
}
resource "aws_cloudwatch_log_group" "a" {
  name              = "/acme/a"
  retention_in_days = 30
  tags = { Owner = "mallory" }
}
