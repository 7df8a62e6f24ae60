module "q" {
  source   = "./q"
  for_each = toset(["eu", "us"])
  name     = "jobs-${each.key}"
}
