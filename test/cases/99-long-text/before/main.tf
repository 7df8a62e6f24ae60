resource "aws_ssm_parameter" "p" {
  name = "/p"
  type = "String"
  insecure_value = join("\n", [for i in range(60) : "line ${i} = value ${i}"])
}
