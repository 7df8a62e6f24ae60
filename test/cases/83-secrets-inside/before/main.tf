variable "token" {
  type      = string
  sensitive = true
  default   = "tok-S3CR3T-0001"
}
resource "aws_iam_policy" "p" {
  name   = "p"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*", Condition = { StringEquals = { "aws:UserAgent" = var.token } } }] })
}
resource "terraform_data" "t" {
  input            = { user = "app", conn = { host = "db", pw = var.token } }
  triggers_replace = ["v1"]
}
output "conn" {
  value     = { host = "db", pw = var.token }
  sensitive = true
}
