resource "aws_sqs_queue" "q" {
  name          = "q"
  delay_seconds = 5
}
data "aws_ssm_parameter" "days" { name = "/days" }
resource "aws_cloudwatch_log_group" "g" {
  name              = "/acme/g"
  retention_in_days = tonumber(nonsensitive(data.aws_ssm_parameter.days.value))
}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["*"]
  }
  depends_on = [aws_sqs_queue.q]
}
resource "aws_iam_policy" "p" {
  name   = "p"
  policy = data.aws_iam_policy_document.d.json
}
