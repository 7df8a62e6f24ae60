variable "net" {}
variable "size" {}
resource "terraform_data" "server" {
  for_each = toset(["a", "b.c"])
  input    = "${each.key} in ${var.net}"
}
resource "terraform_data" "cron" { input = var.size }
