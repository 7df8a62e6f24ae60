resource "aws_sqs_queue" "old" { name = "old" }
resource "aws_cloudwatch_log_group" "fe" {
  for_each = toset(["a", "b"])
  name     = "/fe/${each.key}"
}
output "gone" { value = "x" }
output "list" { value = ["a", "b"] }
output "same" { value = 1 }
