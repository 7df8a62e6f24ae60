resource "aws_ssm_parameter" "p" {
  name  = "/p"
  type  = "String"
  value = "two-value-2"
}
resource "aws_ssm_parameter" "q" {
  name  = "/q"
  type  = "String"
  insecure_value = "two"
}
