variable "token" {
  type      = string
  sensitive = true
  default   = "n3w-SECRET-0002"
}
variable "pw" {
  type      = string
  sensitive = true
  default   = "hunter2-hunter2"
}
resource "terraform_data" "t" { input = var.token }
resource "aws_ssm_parameter" "secure" {
  name  = "/secure"
  type  = "SecureString"
  value = var.pw
}
resource "aws_secretsmanager_secret" "s" { name = "s" }
resource "aws_secretsmanager_secret_version" "s" {
  secret_id     = aws_secretsmanager_secret.s.id
  secret_string = jsonencode({ user = "app", password = var.pw })
}
resource "aws_cloudwatch_log_group" "tagged" {
  name = "/acme/tagged"
  tags = { Owner = "platform" }
}
resource "aws_sqs_queue" "plain" { name = "plain" }
resource "aws_cloudwatch_log_group" "ct" {
  count             = 2
  name              = "/ct/${count.index}"
  retention_in_days = 7
}
module "m" {
  source   = "./m"
  for_each = toset(["a.b/c", "x"])
  name     = each.key
}
resource "aws_route53_zone" "z" { name = "acme.test" }
resource "aws_route53_record" "r" {
  zone_id = aws_route53_zone.z.id
  name    = "www.acme.test"
  type    = "A"
  ttl     = 300
  records = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
}
resource "aws_dynamodb_table" "t" {
  name         = "t"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
  tags = { Owner = "platform", "a.b/c" = "1" }
}
resource "aws_iam_policy" "order" {
  name   = "order"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }] })
}
resource "aws_s3_bucket" "v" { bucket = "acme-v" }
resource "aws_s3_bucket_versioning" "v" {
  bucket = aws_s3_bucket.v.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_cloudwatch_log_group" "cbd" {
  name = "/acme/cbd2"
  lifecycle { create_before_destroy = true }
}
output "ep" { value = aws_cloudwatch_log_group.cbd.name }
output "tok" {
  value     = var.token
  sensitive = true
}
