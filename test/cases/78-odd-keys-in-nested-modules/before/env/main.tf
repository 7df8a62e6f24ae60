variable "keys" { type = list(string) }
module "svc" {
  source = "../svc"
  count  = 1
  keys   = var.keys
}
