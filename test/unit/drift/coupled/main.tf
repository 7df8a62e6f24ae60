variable "size" { default = 1 }
locals { db = terraform_data.db.id }
resource "terraform_data" "db" { triggers_replace = var.size }
resource "terraform_data" "direct" { input = terraform_data.db.id }
resource "terraform_data" "between" {
  input      = "same"
  depends_on = [terraform_data.db]
}
resource "terraform_data" "through" {
  input      = var.size
  depends_on = [terraform_data.between]
}
resource "terraform_data" "local" { input = local.db }
module "net" {
  source = "./net"
  size   = var.size
}
module "app" {
  source = "./app"
  net    = module.net.id
  size   = var.size
}
resource "terraform_data" "audit" {
  input      = var.size
  depends_on = [module.net]
}
resource "terraform_data" "alone" { input = var.size }
resource "terraform_data" "gone" {
  count = var.size == 1 ? 1 : 0
  input = "x"
}
