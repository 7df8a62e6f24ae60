resource "aws_s3_bucket" "docs" { bucket = "acme-docs" }
resource "aws_s3_bucket_policy" "docs" {
  bucket = aws_s3_bucket.docs.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "A", Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = ["s3:GetObject", "s3:ListBucket"], Resource = "arn:aws:s3:::acme-docs/*" }] })
}
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = ["ec2.amazonaws.com", "ecs.amazonaws.com"] }, Action = "sts:AssumeRole" }] })
}
resource "aws_sqs_queue" "q" {
  name   = "q"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = ["sqs:SendMessage", "sqs:ReceiveMessage"], Resource = "*" }] })
}
