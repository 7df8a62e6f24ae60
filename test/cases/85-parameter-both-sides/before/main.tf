resource "aws_ssm_parameter" "p" {
  name  = "/p"
  type  = "String"
  value = "one-value-1"
}
resource "aws_ssm_parameter" "q" {
  name  = "/q"
  type  = "String"
  insecure_value = "one"
}
