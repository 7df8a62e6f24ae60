module "env" {
  source   = "./env"
  for_each = toset(["prod.eu/1"])
  keys     = ["a\"b", "c[0].d", "é ü"]
}
