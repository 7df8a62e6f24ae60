resource "aws_s3_bucket" "docs" { bucket = "acme-docs" }
resource "aws_s3_bucket_policy" "docs" {
  bucket = aws_s3_bucket.docs.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Sid = "Read", Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "s3:GetObject", Resource = "arn:aws:s3:::acme-docs/*" },
    { Sid = "NoDelete", Effect = "Deny", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "s3:DeleteObject", Resource = "arn:aws:s3:::acme-docs/*" },
  ] })
}
