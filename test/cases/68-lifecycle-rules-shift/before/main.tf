resource "aws_s3_bucket" "logs" { bucket = "acme-logs" }
resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id
  rule {
    id     = "a"
    status = "Enabled"
    filter { prefix = "a/" }
    expiration { days = 1 }
  }
  rule {
    id     = "b"
    status = "Enabled"
    filter { prefix = "b/" }
    expiration { days = 7 }
  }
  rule {
    id     = "c"
    status = "Enabled"
    filter { prefix = "c/" }
    expiration { days = 30 }
  }
}
