resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_security_group" "ign" {
  name   = "ign"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port = 443
    to_port = 443
    protocol = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port = 80
    to_port = 80
    protocol = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  lifecycle { ignore_changes = [ingress] }
}
variable "ports" { default = [443, 8443] }
resource "aws_security_group" "dyn" {
  name   = "dyn"
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port = ingress.value
      to_port = ingress.value
      protocol = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}
variable "days" { default = 30 }
resource "aws_cloudwatch_log_group" "v" {
  name              = "/acme/v"
  retention_in_days = var.days
}
