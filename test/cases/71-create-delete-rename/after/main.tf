resource "aws_sqs_queue" "new" { name = "new" }
resource "aws_cloudwatch_log_group" "fe" {
  for_each = toset(["a", "c"])
  name     = "/fe/${each.key}"
}
output "fresh" { value = "y" }
output "list" { value = ["a", "c"] }
output "same" { value = 1 }
