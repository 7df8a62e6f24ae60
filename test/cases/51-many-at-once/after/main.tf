resource "aws_cloudwatch_log_group" "ignored" {
  name = "/acme/ignored"
  retention_in_days = 7
  tags = { Owner = "platform" }
  lifecycle { ignore_changes = [tags, retention_in_days] }
}
resource "aws_cloudwatch_log_group" "caughtup" {
  name = "/acme/caughtup"
  retention_in_days = 30
}
resource "aws_sqs_queue" "unset" { name = "unset" }
moved {
  from = aws_cloudwatch_log_group.old
  to = aws_cloudwatch_log_group.new
}
resource "aws_cloudwatch_log_group" "new" {
  name = "/acme/old"
  retention_in_days = 7
}
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_security_group" "multi" {
  name   = "multi"
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
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "single" {
  name   = "single"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port = 443
    to_port = 443
    protocol = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_iam_policy" "p" {
  name   = "p"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "S3", Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }] })
}
resource "aws_cloudwatch_log_group" "repl" {
  name = "/acme/repl2"
  retention_in_days = 7
}
removed {
  from = aws_cloudwatch_log_group.forgotten
  lifecycle { destroy = false }
}
import {
  to = aws_cloudwatch_log_group.imported
  id = "/acme/hand"
}
resource "aws_cloudwatch_log_group" "imported" {
  name = "/acme/hand"
  retention_in_days = 3
}
import {
  to = aws_cloudwatch_log_group.imported2
  id = "/acme/hand2"
}
resource "aws_cloudwatch_log_group" "imported2" {
  name = "/acme/hand2"
}

resource "aws_vpc" "repl" {
  cidr_block = "10.2.0.0/16"
  tags = { Name = "r" }
}
resource "aws_subnet" "s" {
  vpc_id = aws_vpc.repl.id
  cidr_block = "10.2.1.0/24"
}
resource "aws_s3_bucket" "deleted" { bucket = "acme-deleted" }
resource "aws_s3_bucket_versioning" "deleted" {
  bucket = aws_s3_bucket.deleted.id
  versioning_configuration { status = "Enabled" }
}
