resource "aws_s3_bucket" "b" { bucket = "acme-b" }
resource "aws_s3_bucket" "quiet" { bucket = "acme-quiet" }
